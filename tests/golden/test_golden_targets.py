"""The maps of a committed set of polygons stay what they were.

``golden_targets.json`` holds polygons and parameters, ``golden_targets.npz`` the four maps and the
outcomes of every preset. A change that is meant goes through
``python tests/golden/test_golden_targets.py --update``, and the commit says why the maps changed.

``golden_original.npz`` is not ours to update. It holds polygons, and what the unmodified files
``data/processes/make_seg_detection_data.py`` and ``make_border_map.py`` of MhLiao/DB made of them
in training, given float64 (numpy 2.4, shapely 2.2, pyclipper 1.4, OpenCV 5.0).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from feedrate.targets import TargetParams, Targets, build_targets
from feedrate.targets.params import MAPS, Preset
from feedrate.targets.reference import build_reference

QUESTION = Path(__file__).with_name("golden_targets.json")
ANSWER = Path(__file__).with_name("golden_targets.npz")
ORIGINAL = Path(__file__).with_name("golden_original.npz")
FIELDS = (*MAPS, "outcomes")


def make(build: Callable[..., Targets], preset: Preset) -> dict[str, np.ndarray]:
    asked = json.loads(QUESTION.read_text(encoding="utf-8"))
    polygons = [np.array(text["points"], np.float64) for text in asked["texts"]]
    ignore = [text["ignore"] for text in asked["texts"]]
    params = TargetParams(**asked["params"], preset=preset)
    maps = build(polygons, ignore, tuple(asked["size"]), params)
    return {f"{preset}.{name}": getattr(maps, name) for name in FIELDS}


@pytest.mark.parametrize("preset", get_args(Preset))
@pytest.mark.parametrize("build", [build_reference, build_targets])
def test_the_golden_maps_are_made_again(build: Callable[..., Targets], preset: Preset) -> None:
    with np.load(ANSWER, allow_pickle=False) as answer:
        for name, values in make(build, preset).items():
            assert values.dtype == answer[name].dtype
            np.testing.assert_allclose(values, answer[name], rtol=0, atol=1e-6, err_msg=name)


def test_every_preset_has_golden_maps() -> None:
    with np.load(ANSWER, allow_pickle=False) as answer:
        assert set(answer.files) == {f"{p}.{name}" for p in get_args(Preset) for name in FIELDS}


@pytest.mark.parametrize("image", range(9))
def test_preset_db_is_the_original_bit_for_bit(image: int) -> None:
    with np.load(ORIGINAL, allow_pickle=False) as original:
        height, width = original["size"].tolist()
        seen = {name: original[f"{image}.{name}"] for name in (*MAPS, "ignore", "lost")}
        polygons = np.split(original[f"{image}.points"], original[f"{image}.counts"].cumsum()[:-1])
    params = TargetParams(preset="db")
    maps = build_reference(polygons, seen["ignore"].tolist(), (height, width), params)
    # Where the original yields NaN it loses the pixel: an outline has a hole.
    lost = tuple(seen["lost"].T)
    assert (seen["threshold_map"][lost] < maps.threshold_map[lost]).all()
    seen["threshold_map"][lost] = maps.threshold_map[lost]
    for name in MAPS:
        assert getattr(maps, name).tobytes() == seen[name].tobytes(), name


def test_the_sample_has_pixels_that_the_original_loses() -> None:
    with np.load(ORIGINAL, allow_pickle=False) as original:
        assert [len(original[f"{image}.lost"]) for image in range(9)] == [0, 0, 0, 0, 0, 0, 2, 0, 7]


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit(
            "to write the golden maps anew: python tests/golden/test_golden_targets.py --update"
        )
    presets = (make(build_reference, preset) for preset in get_args(Preset))
    np.savez_compressed(
        ANSWER, **{name: values for maps in presets for name, values in maps.items()}
    )
