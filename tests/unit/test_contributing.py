"""The worked example of a format works as it is printed, as a plug-in and for `auto`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tiny import make_samples

from feedrate.registry import resolve
from feedrate.sample import Sample
from feedrate.sightings import find_dataset

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r'```python\n("""labelme:.*?)```', PAGE, re.DOTALL)
PLUGINS = {"formats": {"labelme": "labelme_format:read"}}


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two images, the second of which has a shape without points."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code/labelme_format.py").write_text(EXAMPLE)
    monkeypatch.syspath_prepend(str(tmp_path / "code"))
    make_samples(tmp_path / "data/images", 2)
    (tmp_path / "data/json").mkdir()
    for number, more in enumerate(([], [{"label": "no outline"}])):
        shapes = [{"label": "total", "points": [[1, 2], [30, 2], [30, 12.5]]}, *more]
        name = f"picture_{number}"
        content = {"imagePath": f"{name}.jpg", "shapes": shapes}
        (tmp_path / f"data/json/{name}.json").write_text(json.dumps(content))
    return tmp_path / "data"


def test_the_example_reads_and_is_recognised(dataset: Path) -> None:
    found = find_dataset("auto", dataset, None, None, PLUGINS)
    assert (found.format, found.images) == ("labelme", dataset / "images")
    read = list(resolve("formats", found.format, PLUGINS)(found.images, found.annotations))
    first, finding, second = read
    assert isinstance(first, Sample)
    assert isinstance(second, Sample)
    assert first.instances[0].polygon.tolist() == [[1, 2], [30, 2], [30, 12.5]]
    assert [len(item.instances) for item in (first, second)] == [1, 1]
    assert "shape 2: {'label': 'no outline'} has no outline" in finding.message
