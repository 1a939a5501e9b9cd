"""MMOCR 1.x: what its documentation shows, what may be wrong with it, and its own toy dataset.

Source of the small files: "Annotation Format" of ``OCRDataset``, docs/en/basic_concepts/datasets.md
of github.com/open-mmlab/mmocr, version 1.0.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tiny import make_samples

from feedrate.formats.mmocr import read, recognise
from feedrate.sample import Finding, Sample

DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared/data"))
TOY = DATA / "mmocr_toy" / "det_toy_dataset"
POLYGON = [0, 0, 0, 10, 10, 20, 20, 0]
DOCUMENTED = {
    "metainfo": {
        "dataset_type": "TextDetDataset",
        "task_name": "textdet",
        "category": [{"id": 0, "name": "text"}],
    },
    "data_list": [
        {
            "img_path": "picture_0.jpg",
            "height": 604,
            "width": 640,
            "instances": [
                {
                    "bbox": [0, 0, 10, 20],
                    "bbox_label": 0,
                    "polygon": POLYGON,
                    "text": "mmocr",
                    "ignore": False,
                }
            ],
        }
    ],
}


def read_content(folder: Path, content: object) -> tuple[list[Sample], list[Finding]]:
    """Samples and findings of one image, ``picture_0.jpg``."""
    make_samples(folder / "images", 1)
    path = folder / "textdet_train.json"
    path.write_text(json.dumps(content))
    found = list(read(folder / "images", path))
    return (
        [item for item in found if isinstance(item, Sample)],
        [item for item in found if isinstance(item, Finding)],
    )


def read_entry(folder: Path, **entry: Any) -> tuple[list[Sample], list[Finding]]:
    entries = [{"img_path": "picture_0.jpg", "instances": [], **entry}]
    return read_content(folder, {"data_list": entries})


def test_documented_example(tmp_path: Path) -> None:
    (sample,), findings = read_content(tmp_path, DOCUMENTED)
    assert findings == []
    assert (sample.key, sample.declared_size) == ("picture_0.jpg", (640, 604))
    (instance,) = sample.instances
    assert instance.polygon.tolist() == [[0, 0], [0, 10], [10, 20], [20, 0]]
    assert (instance.text, instance.ignore) == ("mmocr", False)
    assert sample.annotation.endswith("textdet_train.json: picture_0.jpg")


def test_box_alone_becomes_a_quad(tmp_path: Path) -> None:
    (sample,), findings = read_entry(tmp_path, instances=[{"bbox": [1, 2, 30, 12.5]}])
    assert findings == []
    assert sample.instances[0].polygon.tolist() == [[1, 2], [30, 2], [30, 12.5], [1, 12.5]]


@pytest.mark.parametrize(
    ("fields", "ignored"),
    [({}, False), ({"ignore": True}, True), ({"ignore": 1}, True), ({"text": "###"}, True)],
)
def test_ignored(tmp_path: Path, fields: dict[str, Any], ignored: bool) -> None:
    (sample,), findings = read_entry(tmp_path, instances=[{"polygon": POLYGON, **fields}])
    assert findings == []
    assert [item.ignore for item in sample.instances] == [ignored]


@pytest.mark.parametrize(
    ("instance", "told"),
    [
        (7, "7 is not {"),
        ({"text": "mmocr"}, "neither a polygon nor a bbox"),
        ({"polygon": []}, "polygon = []: 0 numbers"),
        ({"polygon": [1, 2, 3]}, "polygon = [1, 2, 3]: 3 numbers"),
        ({"polygon": [[1, 2], [3, 4]]}, "not a list of numbers"),
        ({"polygon": [1, "2"]}, "not a list of numbers"),
        ({"polygon": [1, True]}, "not a list of numbers"),
        ({"polygon": [1, 10**400]}, "not a list of numbers"),
        ({"bbox": [1, 2, 3]}, "3 numbers are no box"),
        ({"polygon": POLYGON, "ignore": "no"}, "ignore = 'no'"),
        ({"polygon": POLYGON, "ignore": 2}, "ignore = 2"),
        ({"polygon": POLYGON, "text": 5}, "text = 5"),
        ({"polygon": POLYGON, "text": "\ud800"}, "surrogates not allowed"),
    ],
)
def test_bad_instance_is_told_and_the_others_are_read(
    tmp_path: Path, instance: Any, told: str
) -> None:
    instances = [{"polygon": POLYGON}, instance, {"polygon": POLYGON}]
    (sample,), (finding,) = read_entry(tmp_path, instances=instances)
    assert len(sample.instances) == 2
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert finding.message.startswith("instances[1]: ")
    assert told in finding.message
    assert finding.location.endswith("textdet_train.json: picture_0.jpg")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"instances": None}, "instances = None"),
        ({"width": 0, "height": 5}, "width = 0, height = 5"),
        ({"width": 640}, "width = 640, height = None"),
        ({"width": 640.5, "height": 604}, "width = 640.5"),
    ],
)
def test_bad_entry_is_no_sample(tmp_path: Path, fields: dict[str, Any], told: str) -> None:
    samples, (finding,) = read_entry(tmp_path, **fields)
    assert samples == []
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert told in finding.message


@pytest.mark.parametrize("entry", [3, {"instances": []}, {"img_path": ["picture_0.jpg"]}])
def test_entry_without_image_is_told_with_its_place(tmp_path: Path, entry: object) -> None:
    good = {"img_path": "./picture_0.jpg", "instances": []}
    (sample,), (finding,) = read_content(tmp_path, {"data_list": [good, entry]})
    assert sample.instances == ()
    assert (finding.key, finding.check) == ("textdet_train.json", "bad_annotation")
    assert finding.location.endswith("data_list[1]")


@pytest.mark.parametrize("name", ["../picture_0.jpg", "/imgs/picture_0.jpg", "a\\picture_0.jpg"])
def test_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    samples, findings = read_entry(tmp_path, img_path=name)
    assert samples == []
    assert {item.check for item in findings} == {"unsafe_name", "missing_annotation"}


@pytest.mark.parametrize("content", [[], {}, {"data_list": {}}, {"data_list": 3}, {"images": []}])
def test_other_json_is_refused_as_a_whole(tmp_path: Path, content: object) -> None:
    with pytest.raises(ValueError, match=r"textdet_train\.json: "):
        read_content(tmp_path, content)


def test_recognised_by_its_names() -> None:
    head = json.dumps(DOCUMENTED)
    assert recognise(Path("a.json"), head) == 'a JSON "data_list" of instances with a "polygon"'
    assert recognise(Path("a.txt"), head) is None
    assert recognise(Path("a.json"), head.replace("polygon", "p").replace("bbox", "b")) is None


def test_toy_dataset() -> None:
    if not TOY.is_dir():
        pytest.skip(f"MMOCR's toy dataset is absent: {TOY}")
    found = list(read(TOY, TOY / "textdet_test.json"))
    samples = [item for item in found if isinstance(item, Sample)]
    assert len(samples) == len(found) == 10
    assert samples[0].key == "imgs/test/img_1.jpg"
    assert [item.key for item in samples] == sorted(item.key for item in samples)
    instances = [instance for item in samples for instance in item.instances]
    assert {instance.polygon.shape for instance in instances} == {(4, 2)}
    assert (len(instances), sum(instance.ignore for instance in instances)) == (82, 61)
    assert {item.declared_size for item in samples} == {(1280, 720)}
    assert {(item.width, item.height) for item in samples} == {(1280, 720)}
    first = next(item for item in samples if item.key.endswith("img_10.jpg")).instances[0]
    assert first.polygon.tolist() == [[261, 138], [284, 140], [279, 158], [260, 158]]
