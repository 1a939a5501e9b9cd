"""COCO: what may stand in an annotation, and what is wrong between images and annotations.

Source of the small files: "Data format" on cocodataset.org (object detection), and the attributes
``utf8_string`` and ``legibility`` of github.com/andreasveit/coco-text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tiny import make_samples

from feedrate.formats.coco import read, recognise
from feedrate.sample import Finding, Sample

POLYGON = [10.0, 10.0, 70.0, 12.5, 70.0, 34.0]
POINTS = [[10, 10], [70, 12.5], [70, 34]]
PICTURES = [
    {"id": 11, "file_name": "train/picture_0.jpg", "width": 120, "height": 160},
    {"id": 12, "file_name": "./picture_1.jpg"},
]
RLE = {"counts": [5, 3, 9], "size": [160, 120]}


def read_content(folder: Path, content: object) -> tuple[list[Sample], list[Finding]]:
    """Samples and findings of two images."""
    make_samples(folder / "images", 2)
    path = folder / "instances.json"
    path.write_text(json.dumps(content))
    found = list(read(folder / "images", path))
    return (
        [item for item in found if isinstance(item, Sample)],
        [item for item in found if isinstance(item, Finding)],
    )


def read_words(folder: Path, *words: Any) -> tuple[list[Sample], list[Finding]]:
    return read_content(folder, {"images": PICTURES, "annotations": words})


def word(**fields: Any) -> dict[str, Any]:
    return {"id": 5, "image_id": 11, "category_id": 1, "segmentation": [POLYGON], **fields}


def test_annotations_find_their_images(tmp_path: Path) -> None:
    words = [word(image_id=12, utf8_string="first"), word(), word(image_id=12)]
    (one, other), findings = read_words(tmp_path, *words)
    assert findings == []
    assert (one.key, one.declared_size) == ("picture_0.jpg", (120, 160))
    assert (other.key, other.declared_size) == ("picture_1.jpg", None)
    assert [item.polygon.tolist() for item in one.instances] == [POINTS]
    assert [item.text for item in other.instances] == ["first", ""]


def test_annotations_may_come_before_images_and_ids_may_be_texts(tmp_path: Path) -> None:
    pictures = [{"id": name, "file_name": name} for name in ("picture_0.jpg", "picture_1.jpg")]
    content = {"annotations": [word(image_id="picture_1.jpg")], "info": {}, "images": pictures}
    samples, findings = read_content(tmp_path, content)
    assert findings == []
    assert [len(item.instances) for item in samples] == [0, 1]


def test_each_part_is_an_instance(tmp_path: Path) -> None:
    parts = [POLYGON, [value + 20 for value in POLYGON]]
    (sample, _), findings = read_words(tmp_path, word(segmentation=parts, text="two parts"))
    assert findings == []
    assert [item.polygon[0].tolist() for item in sample.instances] == [[10, 10], [30, 30]]
    assert [item.text for item in sample.instances] == ["two parts"] * 2


@pytest.mark.parametrize("segmentation", [None, []])
def test_box_alone_becomes_a_quad(tmp_path: Path, segmentation: object) -> None:
    words = word(segmentation=segmentation, bbox=[10, 20, 30, 5])
    (sample, _), findings = read_words(tmp_path, words)
    assert findings == []
    assert sample.instances[0].polygon.tolist() == [[10, 20], [40, 20], [40, 25], [10, 25]]
    assert not sample.instances[0].ignore


@pytest.mark.parametrize(
    ("fields", "text", "ignored"),
    [
        ({}, "", False),
        ({"iscrowd": 0, "ignore": 0, "legibility": "legible"}, "", False),
        ({"iscrowd": 1}, "", True),
        ({"ignore": 1}, "", True),
        ({"ignore": True}, "", True),
        ({"utf8_string": "a", "legibility": "illegible"}, "a", True),
        ({"text": "###"}, "###", True),
        ({"caption": "b"}, "b", False),
        ({"transcription": "c", "utf8_string": None}, "c", False),
        ({"attributes": {"text": "d", "ignore": True}}, "d", True),
        ({"attributes": {"text": "d"}, "text": "e"}, "e", False),
    ],
)
def test_text_and_marks(tmp_path: Path, fields: dict[str, Any], text: str, ignored: bool) -> None:
    (sample, _), findings = read_words(tmp_path, word(**fields))
    assert findings == []
    assert [(item.text, item.ignore) for item in sample.instances] == [(text, ignored)]


@pytest.mark.parametrize("iscrowd", [0, 1])
def test_mask_is_told_and_its_box_ignored(tmp_path: Path, iscrowd: int) -> None:
    mask = word(segmentation=RLE, bbox=[1, 2, 3, 4], iscrowd=iscrowd)
    (sample, _), (finding,) = read_words(tmp_path, mask)
    assert [item.ignore for item in sample.instances] == [True]
    assert (finding.key, finding.check, finding.severity) == (
        "picture_0.jpg",
        "bad_annotation",
        "error",
    )
    assert finding.message.startswith("annotation 5: segmentation = {'counts'")
    assert "a mask, no polygon; its bbox is read as ignored" in finding.message


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"segmentation": None}, "segmentation = None, and no bbox"),
        ({"segmentation": RLE}, "and no bbox"),
        ({"segmentation": POLYGON}, "segmentation = 10.0: not a list of numbers"),
        ({"segmentation": [POLYGON, []]}, "segmentation = []: 0 numbers"),
        ({"segmentation": [POLYGON[:5]]}, "5 numbers are no pairs"),
        ({"segmentation": [], "bbox": [1, 2, 3]}, "bbox = [1, 2, 3]: 3 numbers are no box"),
        ({"iscrowd": 2}, "iscrowd = 2"),
        ({"text": ["a"]}, "text = ['a']: not a text"),
    ],
)
def test_bad_annotation_is_told_and_the_others_are_read(
    tmp_path: Path, fields: dict[str, Any], told: str
) -> None:
    (sample, _), (finding,) = read_words(tmp_path, word(**fields), word())
    assert len(sample.instances) == 1
    assert (finding.key, finding.check) == ("picture_0.jpg", "bad_annotation")
    assert finding.message.startswith("annotation 5: ")
    assert told in finding.message


@pytest.mark.parametrize("broken", [7, {"id": 1}, word(image_id=None), word(image_id=[11])])
def test_annotation_without_image_id_is_told_with_its_place(tmp_path: Path, broken: Any) -> None:
    samples, (finding,) = read_words(tmp_path, word(), broken)
    assert len(samples) == 2
    assert (finding.key, finding.check) == ("instances.json", "bad_annotation")
    assert finding.location.endswith("instances.json: annotations[1]")


def test_annotations_of_an_unknown_image_are_told_once(tmp_path: Path) -> None:
    samples, findings = read_words(tmp_path, word(image_id=99), word(), word(image_id=99))
    assert [len(item.instances) for item in samples] == [1, 0]
    assert [item.message for item in findings] == [
        "image_id = 99, which annotations name, is the id of no image"
    ]


def test_images_of_one_id_are_both_refused(tmp_path: Path) -> None:
    pictures = [{"id": 11, "file_name": f"picture_{number}.jpg"} for number in range(2)]
    samples, findings = read_content(tmp_path, {"images": pictures, "annotations": [word()]})
    assert samples == []
    assert [(item.key, item.check) for item in findings] == [
        ("picture_0.jpg", "bad_annotation"),
        ("picture_1.jpg", "bad_annotation"),
    ]
    assert "id = 11 is that of ['picture_0.jpg', 'picture_1.jpg']" in findings[0].message


def test_one_image_listed_twice_is_two_samples(tmp_path: Path) -> None:
    pictures = [*PICTURES, {"id": 13, "file_name": "picture_0.jpg"}]
    words = [word(), word(image_id=13, iscrowd=1)]
    samples, findings = read_content(tmp_path, {"images": pictures, "annotations": words})
    assert findings == []
    assert [item.key for item in samples] == ["picture_0.jpg", "picture_0.jpg", "picture_1.jpg"]
    assert [item.instances[0].ignore for item in samples[:2]] == [False, True]


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        ({"id": 11}, "images[1]"),
        ({"file_name": "picture_0.jpg"}, "images[1]"),
        ({"id": True, "file_name": "picture_0.jpg"}, "images[1]"),
        ({"id": 11, "file_name": "picture_0.jpg", "width": 0, "height": 9}, "picture_0.jpg"),
    ],
)
def test_bad_image_is_told(tmp_path: Path, picture: dict[str, Any], told: str) -> None:
    content = {"images": [PICTURES[1], picture], "annotations": []}
    samples, findings = read_content(tmp_path, content)
    assert [item.key for item in samples] == ["picture_1.jpg"]
    (finding,) = [item for item in findings if item.check == "bad_annotation"]
    assert finding.location.endswith(f"instances.json: {told}")


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"images": []},
        {"images": {}, "annotations": []},
        {"imgs": {}, "anns": {}, "imgToAnns": {}},
    ],
)
def test_other_json_is_refused_as_a_whole(tmp_path: Path, content: object) -> None:
    with pytest.raises(ValueError, match=r"instances\.json: "):
        read_content(tmp_path, content)


def test_recognised_by_its_names() -> None:
    pictures, words = json.dumps({"images": PICTURES}), json.dumps({"annotations": [word()]})
    assert recognise(Path("a.json"), pictures) is not None
    assert recognise(Path("a.JSON"), words) is not None
    assert recognise(Path("a.txt"), pictures) is None
    assert recognise(Path("a.json"), '{"images": {"a.jpg": {"words": {}}}}') is None


def test_several_categories_are_told(tmp_path: Path) -> None:
    content = {"images": PICTURES, "annotations": [word(category_id=2)]}
    categories = [{"id": 1, "name": "text"}, {"id": 2, "name": "<b>table"}]
    _, findings = read_content(tmp_path, {**content, "categories": categories})
    (finding,) = findings
    assert (finding.check, finding.severity) == ("several_categories", "info")
    assert "2 categories, all of which are read as text: 'text, <b>table'" in finding.message
    assert read_content(tmp_path / "one", {**content, "categories": categories[:1]})[1] == []
