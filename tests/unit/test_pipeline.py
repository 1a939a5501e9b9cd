"""One sample through its stages, without any clock."""

import numpy as np
import pytest
from tiny import make_samples

from feedrate.cell import Cell
from feedrate.collate import Batch, Collate
from feedrate.pipeline import Setting, build_pipeline, frame_polygons, usable_polygons
from feedrate.registry import resolve
from feedrate.targets import TargetParams, build_targets

SETTING = Setting(maps_dir=None, image_size=64, params=TargetParams())


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return make_samples(tmp_path_factory.mktemp("tiny"), 3)


def build(samples, **levels):
    cell = Cell.model_validate({"targets": "kernel", **levels})
    return build_pipeline(cell, samples, range(len(samples)), SETTING)


def test_a_decoded_store_changes_no_pixel_and_no_map(samples):
    plain, cached = (build(samples, images=images) for images in ("disk", "decoded_ram"))
    for index in range(3):
        assert np.array_equal(plain[index].image, cached[index].image)
        assert np.array_equal(
            plain[index].targets.threshold_map, cached[index].targets.threshold_map
        )


def test_stored_maps_and_maps_of_a_loader_have_the_same_geometry(samples):
    """`frame_polygons` knows only an image's size; the loader sees its pixels."""
    transform = resolve("transforms", "albumentations")(64)
    for index, sample in enumerate(samples):
        polygons, ignore = frame_polygons(sample, transform)
        stored = build_targets(polygons, ignore, (64, 64))
        assert np.array_equal(stored.threshold_map, build(samples)[index].targets.threshold_map)


def test_polygons_that_cannot_be_drawn_are_filtered():
    good = np.zeros((4, 2))
    assert usable_polygons([good, good[:2], good * np.nan, good]) == [0, 3]


def test_a_broken_image_is_named(samples, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(samples[0].image_path.read_bytes()[:200])
    damaged = [type(samples[0])("broken.jpg", broken, 120, 160)]
    with pytest.raises(ValueError, match=r"broken\.jpg: "):
        build(damaged)[0]


def test_collated_batches_have_the_promised_shapes_and_types(samples):
    pipeline = build(samples)
    batch = Collate()([pipeline[index] for index in range(3)])
    assert isinstance(batch, Batch)
    assert (batch.images.shape, str(batch.images.dtype)) == ((3, 3, 64, 64), "torch.float32")
    assert batch.images.is_contiguous()
    assert batch.shrink_maps.shape == batch.threshold_maps.shape == (3, 1, 64, 64)
    assert str(batch.shrink_masks.dtype) == "torch.uint8"
    assert np.array_equal(batch.images[1].permute(1, 2, 0).numpy(), pipeline[1].image)
    assert batch.indices.tolist() == [0, 1, 2]


def test_without_targets_the_fields_are_none(samples):
    batch = Collate()([build(samples, targets="none")[0]])
    assert batch.shrink_maps is batch.threshold_maps is batch.shrink_masks is None
