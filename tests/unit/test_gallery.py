"""The gallery shows the worst findings, each on its picture, and opens nothing it should not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny import QUAD, make_samples

from feedrate import closeup, gallery, panels
from feedrate.closeup import draw_sheet, encode_small
from feedrate.gallery import choose_worst, draw_gallery, instance_of
from feedrate.index import write_index
from feedrate.sample import Finding, Sample, Severity, TextInstance
from feedrate.validation import write_findings

PAGE = np.full((800, 1000, 3), 240, np.uint8)
FAR = np.array([[5.0, 5.0], [5.0, 700.0], [900.0, 700.0]])


def found(key: str, check: str, severity: Severity = "warning", location: str = "") -> Finding:
    return Finding(key, check, severity, f"{check} of {key}", location)


def names(findings: list[Finding]) -> list[str]:
    return [f"{item.check} {item.key}" for item in findings]


def show(folder: Path, samples: list[Sample], findings: list[Finding]) -> list[dict[str, object]]:
    """Draw a gallery and return its cards."""
    write_index(folder / "samples.parquet", samples)
    write_findings(folder / "findings.csv", findings)
    draw_gallery(folder / "gallery", folder / "samples.parquet", folder / "findings.csv")
    return list(json.loads((folder / "gallery" / "index.json").read_text("utf-8")))


def has(sheet: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((sheet == np.array(colour)).all(axis=2).any())


def test_a_frequent_check_does_not_fill_the_gallery() -> None:
    many = [found(f"{number}.jpg", "self_crossing") for number in range(50)]
    rare = [found("a.jpg", "zero_area"), found("z.jpg", "size_mismatch", "error")]
    chosen, _ = choose_worst([*many, *rare], 4)
    assert names(chosen) == [
        "size_mismatch z.jpg",
        "self_crossing 0.jpg",
        "zero_area a.jpg",
        "self_crossing 1.jpg",
    ]


def test_an_image_stands_once_for_each_check() -> None:
    twice = [found("a.jpg", "self_crossing", location=f"a: instance {n}") for n in (1, 2)]
    chosen, _ = choose_worst([*twice, found("a.jpg", "zero_area")], 24)
    assert names(chosen) == ["self_crossing a.jpg", "zero_area a.jpg"]
    assert chosen[0].location == "a: instance 1"


def test_cards_with_nothing_to_see_are_few() -> None:
    keys = [f"{number}.jpg" for number in range(9)]
    missing = [found(key, "missing_image", "error") for key in keys]
    unseen = [found(key, "crlf", "info") for key in keys]
    notes = [found(key, "only_ignored", "info") for key in keys]
    chosen, closed = choose_worst([*missing, *unseen, *notes], 24)
    assert [item.check for item in chosen] == ["missing_image"] * 2 + ["only_ignored"] * 4
    assert closed == set(keys)


@pytest.mark.parametrize(
    ("location", "instance"),
    [
        ("gts/a.txt: instance 12", 12),
        ("list.json: img: instance 3.jpg: instance 4", 4),
        ("a.txt: instance 0", None),
        ("a.txt: instance 12 ", None),
        ("a.txt:12", None),
        ("", None),
    ],
)
def test_an_instance_is_read_from_a_location(location: str, instance: int | None) -> None:
    assert instance_of(location) == instance


def test_a_small_polygon_gets_a_closeup_and_a_large_one_none() -> None:
    small = draw_sheet(PAGE, [QUAD, FAR], 0)
    assert small.shape[1] == closeup.WIDTH_PX
    assert has(small[:, : closeup.WHOLE_PX], panels.LEFT_OUT)
    assert has(small[:, closeup.WHOLE_PX + closeup.GAP_PX :], panels.LEFT_OUT)
    large = draw_sheet(PAGE, [QUAD, FAR], 1)
    assert large.shape == (closeup.HEIGHT_PX, 500, 3)
    assert has(large, panels.LEFT_OUT)


def test_other_polygons_are_thin_and_green() -> None:
    sheet = draw_sheet(PAGE, [QUAD, FAR], None)
    assert has(sheet, panels.DRAWN)
    assert not has(sheet, panels.LEFT_OUT)


def test_a_closeup_leads_out_of_the_image_where_the_polygon_does() -> None:
    assert not has(draw_sheet(PAGE, [QUAD + 300], 0), panels.MUTED)
    assert has(draw_sheet(PAGE, [QUAD - [30, 0]], 0), panels.MUTED)


def test_the_closeup_shows_the_place_of_the_polygon() -> None:
    """A black square of the image lies inside its outline, in both views."""
    page = PAGE.copy()
    page[300:320, 500:520] = 0
    quad = np.array([[495.0, 295.0], [525.0, 295.0], [525.0, 325.0], [495.0, 325.0]])
    sheet = draw_sheet(page, [quad], 0)[:, closeup.WHOLE_PX + closeup.GAP_PX :]
    orange = np.argwhere((sheet == np.array(panels.LEFT_OUT)).all(axis=2))
    black = np.argwhere((sheet < 60).all(axis=2))
    assert (orange.min(axis=0) < black.min(axis=0)).all()
    assert (orange.max(axis=0) > black.max(axis=0)).all()
    assert np.abs(orange.mean(axis=0) - black.mean(axis=0)).max() < 12


@pytest.mark.parametrize(
    "polygon",
    [
        [],
        [[np.nan, 3.0], [5.0, np.inf]],
        [[3.0, 4.0]],
        [[3.0, 4.0]] * 3,
        [[-1e300, 0.0], [1e300, 5.0], [1e300, 1e300]],
        [[-1e9, -1e9], [-1e9, -2e9], [-2e9, -1e9]],
    ],
)
@pytest.mark.parametrize("size", [(800, 1000), (1, 1), (1, 4000), (4000, 3)])
def test_a_polygon_of_any_kind_is_drawn_without_harm(
    polygon: list[list[float]], size: tuple[int, int]
) -> None:
    outline = np.array(polygon, np.float64).reshape(-1, 2)
    sheet = draw_sheet(np.full((*size, 3), 9, np.uint8), [QUAD, outline], 1)
    assert 0 < sheet.shape[0] <= closeup.HEIGHT_PX
    assert 0 < sheet.shape[1] <= closeup.WIDTH_PX


def test_a_picture_is_small_whatever_it_shows() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (400, 640, 3), np.uint8)
    assert len(encode_small(PAGE[:400, :640])) < len(encode_small(noise)) <= closeup.MOST_BYTES


def test_a_gallery_lists_what_it_shows(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", 2)
    keys = [sample.key for sample in samples]
    cards = show(
        tmp_path,
        samples,
        [
            found(keys[0], "self_crossing", location=f"{samples[0].annotation}: instance 1"),
            found(keys[1], "size_mismatch", "error"),
            found("gone.jpg", "missing_image", "error"),
        ],
    )
    assert [(card["check"], card["file"]) for card in cards] == [
        ("size_mismatch", "00.jpg"),
        ("missing_image", None),
        ("self_crossing", "02.jpg"),
    ]
    assert cards[2]["location"] == ": instance 1"
    assert cards[2]["message"] == f"self_crossing of {keys[0]}"
    for name in ("00.jpg", "02.jpg"):
        with Image.open(tmp_path / "gallery" / name) as image:
            assert image.format == "JPEG"
    listed = {path.name for path in (tmp_path / "gallery").iterdir()}
    assert listed == {"00.jpg", "02.jpg", "index.json"}


def test_the_smallest_text_stands_for_the_small_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    monkeypatch.setattr(
        gallery, "draw_sheet", lambda image, polygons, concerned: shown.append(concerned) or image
    )
    sample = make_samples(tmp_path / "images", 1)[0]
    sizes = [QUAD, QUAD / 4, QUAD / 2]
    ignored = TextInstance(QUAD / 9, ignore=True)
    items = (*(TextInstance(polygon) for polygon in sizes), ignored)
    small = Sample(sample.key, sample.image_path, sample.width, sample.height, items)
    show(tmp_path, [small], [found(sample.key, "text_too_small", "info")])
    assert shown == [1]


def test_of_two_annotations_of_an_image_the_one_at_fault_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    monkeypatch.setattr(
        gallery, "draw_sheet", lambda image, polygons, concerned: shown.append(polygons) or image
    )
    first = make_samples(tmp_path / "images", 1)[0]
    pair = [
        Sample(first.key, first.image_path, first.width, first.height, items, annotation)
        for items, annotation in ((first.instances, "a.txt"), (first.instances[:1], "b.txt"))
    ]
    show(tmp_path, pair, [found(first.key, "zero_area", location="b.txt: instance 1")])
    assert [len(polygons) for polygons in shown] == [1]


def test_what_a_check_refused_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(data: bytes) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(gallery, "decode", refuse)
    bomb, vast = make_samples(tmp_path / "images", 2)
    vast = Sample(vast.key, vast.image_path, 30_000, 30_000, vast.instances)
    cards = show(
        tmp_path,
        [bomb, vast],
        [
            found(bomb.key, "oversized_image", "error"),
            found(bomb.key, "zero_area"),
            found(vast.key, "self_crossing"),
        ],
    )
    assert [card["file"] for card in cards] == [None] * 3


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff garbage", None])
def test_an_image_that_cannot_be_decoded_is_a_card_without_a_picture(
    tmp_path: Path, data: bytes | None
) -> None:
    sample = make_samples(tmp_path / "images", 1)[0]
    if data is None:
        sample.image_path.unlink()
    else:
        sample.image_path.write_bytes(data)
    assert show(tmp_path, [sample], [found(sample.key, "zero_area")])[0]["file"] is None


def test_a_picture_with_odd_metadata_is_drawn_without_a_word(tmp_path: Path) -> None:
    sample = make_samples(tmp_path / "images", 1)[0]
    odd = Image.new("P", (sample.width, sample.height))
    odd.putpalette([0, 0, 0, 255, 255, 255])
    odd.save(tmp_path / "odd.png", transparency=b"\x00\x80")
    png = Sample("odd.png", tmp_path / "odd.png", sample.width, sample.height, sample.instances)
    assert show(tmp_path, [png], [found("odd.png", "zero_area")])[0]["file"] == "00.jpg"


def test_a_gallery_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = make_samples(tmp_path / "images", 1)
    show(tmp_path, samples, [found(samples[0].key, "zero_area")])
    before = sorted(path.name for path in (tmp_path / "gallery").iterdir())

    def fail(sheet: object) -> bytes:
        raise ValueError("no space left")

    monkeypatch.setattr(gallery, "encode_small", fail)
    with pytest.raises(ValueError, match="no space left"):
        show(tmp_path, samples, [found(samples[0].key, "zero_area")])
    assert sorted(path.name for path in (tmp_path / "gallery").iterdir()) == before
    assert not list(tmp_path.glob(".gallery*"))


def test_a_dataset_without_findings_has_an_empty_gallery(tmp_path: Path) -> None:
    assert show(tmp_path, make_samples(tmp_path / "images", 1), []) == []
