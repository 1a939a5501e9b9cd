"""The verb: from the accepted samples to a store and its manifest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny import make_index

from feedrate.cli.stores import build_store
from feedrate.index import read_index
from feedrate.machine import machine_id
from feedrate.stores import tar

RECIPE = {"decoder": "pillow", "transform": "albumentations", "image_size": 64}


def run(folder: Path, store: str, recipe: dict[str, object]) -> object:
    index = make_index(folder, 4)
    arguments = ["--dataset", "tiny", "--store", store, "--recipe", json.dumps(recipe)]
    paths = [str(index), str(folder / "stores" / store), str(folder / "stores" / f"{store}.json")]
    return CliRunner().invoke(
        build_store, [*arguments, "--code", "c0de", *paths], catch_exceptions=False
    )


@pytest.mark.parametrize(("store", "recipe"), [("tar", {}), ("decoded_mmap", RECIPE)])
def test_a_store_and_its_manifest(tmp_path: Path, store: str, recipe: dict[str, object]) -> None:
    done = run(tmp_path, store, recipe)
    assert done.exit_code == 0  # type: ignore[attr-defined]
    manifest = json.loads((tmp_path / "stores" / f"{store}.json").read_text())
    assert (manifest["dataset"], manifest["store"], manifest["code"]) == ("tiny", store, "c0de")
    assert manifest["machine"]["machine_id"] == machine_id()
    assert manifest["images"] == 4
    assert manifest["made_with"] == (recipe or {"decoder": "", "transform": "", "image_size": 0})


def test_what_the_verb_built_is_what_a_trial_opens(tmp_path: Path) -> None:
    run(tmp_path, "tar", {})
    samples = read_index(tmp_path / "accepted.parquet")
    store = tar.open_store(samples, lambda index, data: None, tmp_path / "stores" / "tar")  # type: ignore[arg-type,return-value]
    assert store.read(2).payload == samples[2].image_path.read_bytes()


def test_a_store_that_nobody_builds_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "ram", {})
    assert done.exit_code == 2  # type: ignore[attr-defined]
    assert "'ram' is not one of 'tar', 'lmdb'" in done.output  # type: ignore[attr-defined]
