"""The embedded dataset: deterministic, exact rectangles, no easier to decode than it should be."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from feedrate.formats.seed_json import read
from feedrate.generators import receipts
from feedrate.generators.lettering import print_receipt
from feedrate.generators.photograph import photograph
from feedrate.generators.scan import scan
from feedrate.generators.till import write_lines
from feedrate.sample import Sample


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    receipts.generate(folder, count=5, seed=7)
    return folder


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(made):
    for number in (0, 4):
        stored = (made / "images" / receipts.receipt_name(number)).read_bytes()
        assert receipts.make_receipt(7, number)[0] == stored
        assert receipts.make_receipt(8, number)[0] != stored


def test_its_annotations_are_read_without_a_finding(made):
    samples = list(read(made / "images", made / "annotations.json"))
    assert all(isinstance(item, Sample) for item in samples)
    assert [sample.key for sample in samples] == [receipts.receipt_name(n) for n in range(5)]
    assert all(28 <= len(sample.instances) <= 107 for sample in samples)
    assert all(item.text for sample in samples for item in sample.instances)


def test_some_fields_are_ignored_but_few(made):
    entries = json.loads((made / "annotations.json").read_text())["images"].values()
    words = [word for entry in entries for word in entry["words"].values()]
    share = np.mean([word.get("ignore", False) for word in words])
    assert 0 < share < 0.1


def test_pictures_are_like_real_ones_in_size_and_in_bits_a_pixel(made):
    datas = [path.read_bytes() for path in (made / "images").iterdir()]
    pixels = [int(np.prod(Image.open(io.BytesIO(data)).size)) for data in datas]
    bits = [len(data) * 8 / count for data, count in zip(datas, pixels, strict=True)]
    assert 0.8e6 < np.mean(pixels) < 2.2e6
    assert 1.0 < np.mean(bits) < 3.0


def test_texts_are_large_enough_to_be_taught_at_640(made):
    for sample in read(made / "images", made / "annotations.json"):
        scale = 640 / max(sample.width, sample.height)
        heights = [np.linalg.norm(i.polygon[3] - i.polygon[0]) * scale for i in sample.instances]
        assert np.median(heights) >= 8


def test_fields_are_upright_rectangles_of_whole_pixels_inside_the_picture(made):
    for sample in read(made / "images", made / "annotations.json"):
        for item in sample.instances:
            (left, top), (right, bottom) = item.polygon[0], item.polygon[2]
            corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
            assert np.array_equal(item.polygon, corners)
            assert np.array_equal(item.polygon, np.round(item.polygon))
            assert 0 <= left < right <= sample.width
            assert 0 <= top < bottom <= sample.height


@pytest.mark.parametrize("fields", [20, 30, 50, 107])
@pytest.mark.parametrize("seed", range(20))
def test_sums_add_up_and_fields_are_as_many_as_wanted(fields, seed):
    lines = write_lines(np.random.default_rng(seed), fields)
    count = sum(line.fields for line in lines)
    assert max(20, fields - 2) <= count <= max(fields, 29)
    goods = [line for line in lines if line.column and line.column != "PRICE"]
    cents = {line.left: round(float(line.right) * 100) for line in lines if "." in line.right[-3:]}
    assert cents["SUBTOTAL"] == sum(round(float(line.right) * 100) for line in goods)
    for line in goods:
        price = round(float(line.column) * 100)
        assert int(line.left.split()[0]) * price == round(float(line.right) * 100)
    assert cents["TOTAL"] == cents["SUBTOTAL"] + cents["TAX 6%"]
    assert cents["CASH"] - cents["TOTAL"] == cents["CHANGE"] >= 0


@pytest.mark.parametrize("see", [photograph, scan])
def test_rectangles_bound_what_is_drawn(see):
    """One field in black, alone: what changes in the picture is inside its rectangle, to 3 px."""
    rng = np.random.default_rng(3)
    ink, fields = print_receipt(rng, write_lines(rng, 40), 26)
    only = np.zeros_like(ink)
    field = max(fields, key=lambda item: item.box[2] - item.box[0])
    left, top, right, bottom = field.box
    only[top:bottom, left:right] = 255
    size = (ink.shape[1] + 60, ink.shape[0] + 40)
    bare, homography = see(np.random.default_rng(5), np.zeros_like(ink), *size)
    inked, _ = see(np.random.default_rng(5), only, *size)
    rows, columns = np.nonzero(np.abs(inked.astype(int) - bare).sum(axis=2) > 120)
    corners = np.array(receipts._rectangle(field.box, homography))
    assert np.abs([columns.min(), rows.min()] - corners.min(axis=0)).max() < 3
    assert np.abs([columns.max(), rows.max()] - corners.max(axis=0)).max() < 3


def test_progress_counts_to_the_end(tmp_path):
    told = []
    receipts.generate(tmp_path, count=2, seed=1, progress=told.append)
    assert told == [1, 2]


def test_the_number_of_processes_changes_nothing(made, tmp_path, monkeypatch):
    monkeypatch.setattr(receipts.os, "sched_getaffinity", lambda pid: {0})
    receipts.generate(tmp_path, count=2, seed=7)
    for path in (tmp_path / "images").iterdir():
        assert path.read_bytes() == (made / "images" / path.name).read_bytes()
