"""Whatever Snakemake's own report shows has a caption that says what it is, and a place in it."""

import re
from pathlib import Path

import pytest

WORKFLOW = Path(__file__).resolve().parents[2] / "workflow"
DECLARED = [
    (path.name, body)
    for path in sorted((WORKFLOW / "rules").glob("*.smk"))
    for body in re.findall(r"\breport\(\n(.*?)^ +\)", path.read_text("utf-8"), re.M | re.S)
]


def test_there_are_some_and_none_is_overlooked():
    texts = [path.read_text("utf-8") for path in (WORKFLOW / "rules").glob("*.smk")]
    assert len(DECLARED) == sum(len(re.findall(r"\breport\(", text)) for text in texts) > 5


@pytest.mark.parametrize(("file", "body"), DECLARED)
def test_it_has_a_caption_a_category_and_labels(file, body):
    caption = re.search(r'caption="\.\./report/(\w+\.rst)"', body)
    assert caption, file
    assert (WORKFLOW / "report" / caption[1]).read_text("utf-8").strip()
    assert re.search(r'category="[A-Z]', body)
    assert "labels={" in body


def test_no_caption_is_left_over():
    used = {re.search(r"report/(\w+\.rst)", body)[1] for _, body in DECLARED} | {"workflow.rst"}
    assert {path.name for path in (WORKFLOW / "report").glob("*.rst")} == used
