"""Maps stored for one outcome of a random transform are never loaded beside another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tiny import make_index

from feedrate.cell import Cell
from feedrate.cli import feedrate
from feedrate.dataconfig import TargetSettings
from feedrate.index import read_index
from feedrate.pipeline import Setting, build_pipeline
from feedrate.registry import STORED_MAPS
from feedrate.targets import TargetParams

SIZE = 64
PLUGINS = {"transforms": {"flip": "flips:RandomFlip", "silent": "flips:Silent"}}
REFUSALS = {
    "flip": r"transform 'flip' is random, .*; choose `targets: kernel`",
    "silent": r"transform 'silent' does not say .*; give it the attribute `random = False`",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("tiny"), 3)


def setting(maps_dir: Path | None) -> Setting:
    return Setting(maps_dir, SIZE, TargetParams(), PLUGINS)


@pytest.mark.parametrize("transform", REFUSALS)
@pytest.mark.parametrize("targets", STORED_MAPS)
def test_a_pipeline_does_not_read_stored_maps(targets: str, transform: str, index: Path) -> None:
    cell = Cell.model_validate({"targets": targets, "transform": transform})
    with pytest.raises(ValueError, match=REFUSALS[transform]):
        build_pipeline(cell, read_index(index), [0], setting(index.parent))


@pytest.mark.parametrize("verb", ["build-maps", "verify-maps"])
@pytest.mark.parametrize("transform", REFUSALS)
def test_no_maps_are_built_or_verified(
    transform: str, verb: str, index: Path, tmp_path: Path
) -> None:
    targets = TargetSettings(image_size=SIZE).model_dump_json()
    plugins = '{"transforms": {"flip": "flips:RandomFlip", "silent": "flips:Silent"}}'
    flags = ["--codec", "npz", "--code", "x", "--targets", targets, "--plugins", plugins]
    flags += ["--transform", transform]
    flags += ["--shard", "0", "--shards", "1"] if verb == "build-maps" else ["--dataset", "tiny"]
    shards = [str(tmp_path / "0")]
    paths = [str(index), *(shards if verb == "build-maps" else ["verdict.json", *shards])]
    done = CliRunner().invoke(feedrate, [verb, *flags, *paths])
    assert isinstance(done.exception, ValueError)
    with pytest.raises(ValueError, match=REFUSALS[transform]):
        raise done.exception
    assert not list(tmp_path.iterdir())


def test_the_kernel_follows_every_flip(index: Path) -> None:
    cell = Cell.model_validate({"targets": "kernel", "transform": "flip"})
    pipeline = build_pipeline(cell, read_index(index), [0], setting(None))
    seen = [pipeline[0] for _ in range(16)]
    plain, mirrored = (
        seen[0],
        next(each for each in seen if not np.array_equal(each.image, seen[0].image)),
    )
    np.testing.assert_array_equal(mirrored.image, plain.image[:, ::-1])
    assert plain.targets is not None
    assert mirrored.targets is not None
    one, other = plain.targets.threshold_map, mirrored.targets.threshold_map
    # A point x goes to S - x, a pixel x to S - 1 - x: the maps are mirrored but for one column.
    np.testing.assert_allclose(other[:, 1:], one[:, :0:-1], atol=1e-5)
    assert not np.allclose(other, one, atol=0.1)
