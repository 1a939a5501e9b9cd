"""Batch against batch: identical, different pixels, different by design, unknown."""

from types import SimpleNamespace

import numpy as np
import pytest

from feedrate.equivalence import (
    CHECKSUM,
    KEPT_BATCHES,
    KEPT_IMAGES,
    UNTESTED,
    checksums,
    compare,
    describe,
    keep_batch,
    read_batches,
)


def batches(**changes):
    rng = np.random.default_rng(0)
    fields = {
        "images": rng.random((2, 3, 8, 8), np.float32),
        "shrink_maps": rng.integers(0, 2, (2, 1, 8, 8)).astype(np.float32),
    }
    return [with_checksums({**fields, **changes})]


def with_checksums(fields):
    return {**fields, **{CHECKSUM + name: checksums(value) for name, value in fields.items()}}


def test_equal_batches_are_identical():
    assert compare(batches(), batches())["verdict"] == "identical"


def test_rounding_of_float32_is_no_difference_but_is_shown():
    off = batches(images=batches()[0]["images"] + np.float32(1e-7))
    result = compare(off, batches())
    assert result["verdict"] == "identical"
    assert 0 < result["fields"]["images"]["max"] < 1e-6


def test_one_pixel_makes_pixels_differ_and_is_measured():
    images = batches()[0]["images"].copy()
    images[0, 0, 0, 0] += 0.5
    result = compare(batches(images=images), batches())
    assert result["verdict"] == "pixels differ"
    assert result["fields"]["images"]["max"] == pytest.approx(0.5)
    assert result["fields"]["images"]["share"] == pytest.approx(1 / images.size)


def test_a_missing_field_another_shape_and_another_type_are_different_by_design():
    without = [with_checksums({"images": batches()[0]["images"]})]
    assert compare(without, batches())["verdict"] == "different by design"
    assert compare(without, batches())["missing"] == ["shrink_maps"]
    smaller = batches(images=np.zeros((2, 3, 4, 4), np.float32))
    assert compare(smaller, batches())["missing"] == ["images"]
    bytes_ = batches(images=np.zeros((2, 3, 8, 8), np.uint8))
    assert compare(bytes_, batches())["verdict"] == "different by design"


def test_an_extra_field_is_named_and_does_no_harm():
    more = batches(shrink_masks=np.ones((2, 8, 8), np.uint8))
    assert compare(more, batches()) | {"fields": {}} == {
        "verdict": "identical",
        "fields": {},
        "missing": [],
        "extra": ["shrink_masks"],
    }


def test_nothing_kept_or_fewer_batches_is_unknown():
    assert compare([], batches())["verdict"] == "unknown"
    assert compare(batches(), batches() * 2)["verdict"] == "unknown"


def test_kept_batches_come_back_in_order_and_are_cut(tmp_path):
    for number in (1, 0):
        images = np.full((KEPT_IMAGES + 3, 3, 4, 4), number, np.float32)
        keep_batch(tmp_path, number, SimpleNamespace(images=images, shrink_maps=None))
    read = read_batches(tmp_path)
    assert [float(each["images"].max()) for each in read] == [0.0, 1.0]
    assert len(read[0]["images"]) == KEPT_IMAGES
    assert set(read[0]) == {"images", "checksum_images"}
    assert len(read[0]["checksum_images"]) == KEPT_IMAGES + 3


def test_of_later_batches_only_checksums_are_kept_and_a_difference_still_shows(tmp_path):
    for side, brighter in (("a", 0.0), ("b", 1 / 255)):
        rng = np.random.default_rng(1)
        for number in range(KEPT_BATCHES + 1):
            images = rng.random((4, 3, 8, 8), np.float32)
            images[2] += brighter * (number == KEPT_BATCHES)
            keep_batch(tmp_path / side, number, SimpleNamespace(images=images))
    ours, theirs = (read_batches(tmp_path / side) for side in "ab")
    assert set(ours[-1]) == {"checksum_images"}
    found = compare(ours, theirs)
    assert found["verdict"] == "pixels differ"
    assert (found["fields"]["images"]["images_apart"], found["fields"]["images"]["max"]) == (1, 0)
    assert found["fields"]["images"]["images"] == 4 * (KEPT_BATCHES + 1)


def test_other_pixels_carry_that_nobody_has_trained_on_them():
    def note(verdict, **changes):
        found = compare(batches(**changes), batches())
        assert found["verdict"] == verdict
        return describe(found)

    usual = batches()[0]
    assert note("identical") == ""
    assert UNTESTED in note("pixels differ", images=usual["images"] + 1)
    assert UNTESTED in note("different by design", images=usual["images"][..., :2])
    assert UNTESTED not in note("pixels differ", shrink_maps=1 - usual["shrink_maps"])


def test_a_checksum_moves_with_a_text_that_moves_and_not_with_rounding():
    page = np.zeros((1, 64, 64), np.float32)
    page[0, 10:20, 10:50] = 0.7
    moved = np.roll(page, 20, axis=1)
    assert abs(checksums(page) - checksums(moved)).max() > 1e-3
    assert abs(checksums(page) - checksums(page + np.float32(5e-8))).max() < 1e-7


def test_a_batch_of_a_foreign_make_is_not_kept(tmp_path):
    keep_batch(tmp_path / "none", 0, [1, 2, 3])
    assert read_batches(tmp_path / "none") == []
