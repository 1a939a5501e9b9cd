"""The maps of a committed set of polygons stay what they were.

``golden_targets.json`` holds polygons and parameters, ``golden_targets.npz`` the four maps. A
change that is meant goes through ``python tests/golden/test_golden_targets.py --update``, and the
commit says why the maps changed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from feedrate.targets import TargetParams, Targets, build_targets
from feedrate.targets.reference import build_reference

QUESTION = Path(__file__).with_name("golden_targets.json")
ANSWER = Path(__file__).with_name("golden_targets.npz")


def make(build: Callable[..., Targets]) -> dict[str, np.ndarray]:
    asked = json.loads(QUESTION.read_text(encoding="utf-8"))
    polygons = [np.array(text["points"], np.float64) for text in asked["texts"]]
    ignore = [text["ignore"] for text in asked["texts"]]
    params = TargetParams(**asked["params"])
    return vars(build(polygons, ignore, tuple(asked["size"]), params))


@pytest.mark.parametrize("build", [build_reference, build_targets])
def test_the_golden_maps_are_made_again(build: Callable[..., Targets]) -> None:
    seen = make(build)
    with np.load(ANSWER, allow_pickle=False) as answer:
        assert set(answer.files) == set(seen)
        for name, values in seen.items():
            assert values.dtype == answer[name].dtype
            np.testing.assert_allclose(values, answer[name], rtol=0, atol=1e-6, err_msg=name)


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit(
            "to write the golden maps anew: python tests/golden/test_golden_targets.py --update"
        )
    np.savez_compressed(ANSWER, **make(build_reference))
