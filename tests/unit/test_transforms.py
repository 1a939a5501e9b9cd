"""Transforms inside the pipeline: the same batches whatever the library; levels with a colon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import make_index

from feedrate.cell import Cell
from feedrate.collate.batch import Batch, Collate
from feedrate.config import ConfigError
from feedrate.configfile import load_config
from feedrate.document import schema_text
from feedrate.index import read_index
from feedrate.matrix import expand
from feedrate.pipeline import Setting, build_pipeline, fit_sample, frame_polygons
from feedrate.registry import resolve
from feedrate.targets import TargetParams
from feedrate.transforms import build_transform, fused
from feedrate.transforms.lookup import look_up

FIELDS = ("images", "shrink_maps", "threshold_maps", "shrink_masks", "threshold_masks")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("tiny"), 5)


def batch_of(index: Path, **levels: str) -> Batch:
    cell = Cell.model_validate({"targets": "kernel", **levels})
    samples = read_index(index)
    pipeline = build_pipeline(cell, samples, [], Setting(None, 96, TargetParams()))
    return Collate()([pipeline[place] for place in range(len(samples))])


@pytest.mark.parametrize("images", ["disk", "decoded_ram"])
@pytest.mark.parametrize("level", ["opencv", "fused", "opencv:area", "fused:cubic"])
def test_a_batch_is_that_of_albumentations_in_every_bit(
    level: str, images: str, index: Path
) -> None:
    _, _, argument = level.partition(":")
    usual = batch_of(index, transform=f"albumentations:{argument or 'linear'}", images=images)
    made = batch_of(index, transform=level, images=images)
    assert made.images.is_contiguous()
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(made, name), getattr(usual, name))


@pytest.mark.parametrize("decoder", ["pillow_draft", "opencv_reduced", "simplejpeg_scaled"])
@pytest.mark.parametrize("level", ["opencv", "fused", "torch_antialias"])
def test_polygons_of_a_scaled_decoder_are_those_that_maps_are_stored_for(
    level: str, decoder: str, index: Path
) -> None:
    transform = build_transform(level, 40)
    for sample in read_index(index):
        copy = resolve("decoders", decoder)(sample.image_path.read_bytes(), 40)
        assert copy.shape[0] < sample.height
        stored, _ = frame_polygons(sample, transform)
        np.testing.assert_array_equal(fit_sample(sample, transform, copy).polygons, stored)


@pytest.mark.parametrize("level", ["augment", "augment_albumentations"])
def test_no_store_keeps_one_outcome_of_a_random_transform(level: str, index: Path) -> None:
    with pytest.raises(
        ValueError, match=f"{level!r} is random, and stored images .*`images: disk`"
    ):
        batch_of(index, transform=level, images="decoded_ram")


def test_loading_the_look_up_leaves_nothing_to_compile_for_pixels_of_any_store() -> None:
    fused.load_compiled()
    known = len(look_up.signatures)
    pixels = np.zeros((8, 6, 3), np.uint8)
    for writeable in (True, False):
        pixels.flags.writeable = writeable
        fused.build(8).normalise(pixels)
    assert len(look_up.signatures) == known


def a_config(**levels: str) -> dict[str, Any]:
    return {
        "datasets": {"receipts": {"generator": "receipts", "count": 4}},
        "base": {"targets": "kernel"},
        "experiments": {"one": {"question": "?", "cells": [levels]}},
    }


@pytest.mark.parametrize("level", ["opencv", "opencv:area", "fused:cubic", "augment"])
def test_a_config_may_name_an_interpolation(level: str) -> None:
    (measured,) = expand(load_config(a_config(transform=level)))
    assert measured.name == f"transform~{level}"
    module = f"feedrate.transforms.{level.partition(':')[0]}"
    assert module in measured.modules


@pytest.mark.parametrize(
    ("levels", "fault"),
    [
        ({"transform": "opencv:lanczos"}, "allowed: opencv, opencv:linear, opencv:area"),
        ({"transform": "torch_antialias:area"}, "'torch_antialias' takes no argument"),
        ({"transform": "augment:7"}, "'augment' takes no argument"),
        ({"decoder": "opencv:area"}, "'opencv' takes no argument"),  # of the same name
    ],
)
def test_an_argument_that_none_takes_is_a_fault(levels: dict[str, str], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        load_config(a_config(**levels))


def test_the_tables_spell_the_arguments_of_transforms_and_of_no_decoder() -> None:
    text = schema_text()
    assert '"opencv:area"' in text
    assert text.count('"opencv:area"') == 1
