"""Annotations of one quad an image, as every format writes them; a new format gets a line here.

A writer is given an empty folder and the images' keys, and returns the annotations as `read` takes
them: a file, or a folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

QUAD = [[10.0, 10.0], [70.0, 12.5], [70.0, 34.0], [10.0, 32.0]]
TEXT = "total, 12.50"
FLAT = [value for point in QUAD for value in point]
LINE = ",".join(str(value) for value in FLAT)

Write = Callable[[Path, Sequence[str]], Path]


def write_each(folder: Path, names: Sequence[str], pattern: str, content: str) -> Path:
    """Write one file an image; the pattern says its name, with the image's name for ``*``."""
    path = folder / "annotations"
    path.mkdir()
    for name in names:
        file = path / Path(name).with_name(pattern.replace("*", Path(name).stem))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return path


def write_sroie(folder: Path, names: Sequence[str]) -> Path:
    return write_each(folder, names, "*.csv", f"{LINE},{TEXT}\n")


def write_icdar(folder: Path, names: Sequence[str]) -> Path:
    return write_each(folder, names, "gt_*.txt", f"{LINE},{TEXT}\n")


def write_total_text(folder: Path, names: Sequence[str]) -> Path:
    xs, ys = (" ".join(str(point[axis]) for point in QUAD) for axis in (0, 1))
    line = f"x: [[{xs}]], y: [[{ys}]], ornt: [u'h'], transcriptions: [u'{TEXT}']\n"
    return write_each(folder, names, "poly_gt_*.txt", line)


def write_paddle(folder: Path, names: Sequence[str]) -> Path:
    words = json.dumps([{"transcription": TEXT, "points": QUAD}])
    path = folder / "label.txt"
    path.write_text("".join(f"train/{name}\t{words}\n" for name in names), encoding="utf-8")
    return path


def write_seed_json(folder: Path, names: Sequence[str]) -> Path:
    words = {"0001": {"points": QUAD, "text": TEXT}}
    path = folder / "annotations.json"
    path.write_text(json.dumps({"images": {name: {"words": words} for name in names}}))
    return path


def write_mmocr(folder: Path, names: Sequence[str]) -> Path:
    word = {"polygon": FLAT, "bbox_label": 0, "ignore": False, "text": TEXT}
    entries = [{"img_path": f"imgs/{name}", "instances": [word]} for name in names]
    path = folder / "textdet_train.json"
    path.write_text(json.dumps({"metainfo": {"task_name": "textdet"}, "data_list": entries}))
    return path


def write_coco(folder: Path, names: Sequence[str]) -> Path:
    pictures = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    words = [
        {"id": 7, "image_id": number, "segmentation": [FLAT], "iscrowd": 0, "text": TEXT}
        for number in range(len(names))
    ]
    path = folder / "instances.json"
    path.write_text(json.dumps({"images": pictures, "annotations": words}))
    return path


def write_alto(folder: Path, names: Sequence[str]) -> Path:
    return write_pages(
        folder,
        names,
        "<alto xmlns='http://www.loc.gov/standards/alto/ns-v4#'><Description><MeasurementUnit>pixel"
        "</MeasurementUnit><sourceImageInformation><fileName>{name}</fileName>"
        "</sourceImageInformation></Description><Layout><Page WIDTH='120' HEIGHT='160'><TextLine>"
        "<Shape><Polygon POINTS='{points}'/></Shape><String CONTENT='{text}'/></TextLine></Page>"
        "</Layout></alto>",
    )


def write_page(folder: Path, names: Sequence[str]) -> Path:
    return write_pages(
        folder,
        names,
        "<PcGts xmlns='http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15'>"
        "<Page imageFilename='{name}' imageWidth='120' imageHeight='160'><TextRegion><TextLine>"
        "<Coords points='{points}'/><TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>"
        "</TextRegion></Page></PcGts>",
    )


def write_pages(folder: Path, names: Sequence[str], template: str) -> Path:
    """Write one XML file an image, which names it; in folders as the images are."""
    path = folder / "xml"
    path.mkdir()
    points = " ".join(f"{x},{y}" for x, y in QUAD)
    for name in names:
        file = (path / name).with_suffix(".xml")
        file.parent.mkdir(parents=True, exist_ok=True)
        content = template.format(name=Path(name).name, points=points, text=TEXT)
        file.write_text(content, encoding="utf-8")
    return path


WRITERS: dict[str, Write] = {
    "icdar": write_icdar,
    "sroie": write_sroie,
    "seed_json": write_seed_json,
    "total_text": write_total_text,
    "paddle": write_paddle,
    "mmocr": write_mmocr,
    "coco": write_coco,
    "alto": write_alto,
    "page": write_page,
}
