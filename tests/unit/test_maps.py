"""Shards are whole or absent, the same from the same, and built in little memory."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shards import CODE, SAMPLES, build, polygons_of, sample, verify

import feedrate
from feedrate.maps import shard_of
from feedrate.registry import REGISTRIES, resolve
from feedrate.targets.codecs import Codec, Drawn
from feedrate.targets.codecs.archive import ArchiveCodec
from feedrate.targets.layout import MapError, polygons_hash, shard_folders


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def index_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "index.json").read_text())


@pytest.fixture(scope="module", params=REGISTRIES["codecs"])
def codec(request: pytest.FixtureRequest) -> Codec:
    found: Codec = resolve("codecs", request.param)
    return found


def test_shards_divide_the_samples_whatever_their_order() -> None:
    shards = [shard_of(SAMPLES, number, 3) for number in range(3)]
    assert [len(shard) for shard in shards] == [3, 2, 2]
    assert {item.key for shard in shards for item in shard} == {item.key for item in SAMPLES}
    assert shard_of(SAMPLES[::-1], 1, 3) == shards[1]
    with pytest.raises(ValueError, match="shard 3 of 3: must be 0 to 2"):
        shard_of(SAMPLES, 3, 3)


def test_a_shard_has_a_file_for_every_sample_and_an_index(tmp_path: Path) -> None:
    built = tmp_path
    for shard in range(3):
        build(built / str(shard), shard_of(SAMPLES, shard, 3))
    index = json.loads((built / "0" / "index.json").read_text())
    assert index["schema"] == 1
    assert index["codec"] == "npz"
    assert index["size"] == [64, 96]
    assert index["params"]["shrink_ratio"] == 0.4
    assert index["code"] == CODE
    assert list(index["maps"]) == ["000.jpg", "003.jpg", "006.jpg"]
    entry = index["maps"]["003.jpg"]
    data = (built / "0" / entry["file"]).read_bytes()
    assert entry == {
        "file": "003.npz",
        "polygons": polygons_hash(*polygons_of(SAMPLES[3])),
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
    }


def test_progress_is_told_while_a_shard_is_built(tmp_path: Path) -> None:
    seen: list[int] = []
    build(tmp_path / "0", SAMPLES, progress=seen.append)
    assert seen == list(range(1, 8))


def test_building_twice_gives_the_same_bytes(codec: Codec, tmp_path: Path) -> None:
    build(tmp_path / "one", SAMPLES, codec=codec)
    build(tmp_path / "two", SAMPLES, codec=codec)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert len(contents(tmp_path / "one")) == len(SAMPLES) + 1


def test_keys_of_one_stem_have_files_of_their_own(tmp_path: Path) -> None:
    keys = ["a.png", "a.jpg", "b.jpg", "a.png.jpg"]
    twins = [replace(sample(1, number), key=key) for number, key in enumerate(keys)]
    for shard in range(3):
        build(tmp_path / str(shard), twins if shard == 0 else [])
    files = {key: entry["file"] for key, entry in index_of(tmp_path / "0")["maps"].items()}
    assert files == {
        "a.jpg": "a.npz",
        "a.png": "a.png.npz",
        "a.png.jpg": "a.png.jpg.npz",
        "b.jpg": "b.npz",
    }
    assert verify(tmp_path, twins)["maps"] == 4


def test_memory_does_not_grow_with_the_number_of_maps(codec: Codec, tmp_path: Path) -> None:
    """A shard of 48 holds less than three maps more than a shard of 4, its index included."""
    build(tmp_path / "warm", SAMPLES, codec=codec, size=(320, 320))
    peaks = []
    for count in (4, 48):
        samples = [sample(number, 2) for number in range(count)]
        tracemalloc.start()
        build(tmp_path / str(count), samples, codec=codec, size=(320, 320))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 3 * 320 * 320


class Interrupted(ArchiveCodec):
    """Breaks off after two maps."""

    def encode(self, drawn: Drawn) -> bytes:
        if np.array_equal(drawn.polygons, polygons_of(SAMPLES[6])[0]):
            raise KeyboardInterrupt
        return super().encode(drawn)


def test_an_interrupted_shard_leaves_the_old_one_whole(tmp_path: Path) -> None:
    build(tmp_path / "0", shard_of(SAMPLES, 0, 3))
    before = contents(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "0", shard_of(SAMPLES, 0, 3), codec=Interrupted("npz", compressed=True))
    assert contents(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0"]


KILLED = """
import os, signal, sys
from pathlib import Path
from shards import SAMPLES, build
from feedrate.targets.codecs.archive import ArchiveCodec

class Killed(ArchiveCodec):
    def encode(self, drawn):
        if list(Path(sys.argv[1]).glob(".0.tmp/*")):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(drawn)

build(Path(sys.argv[1], "0"), SAMPLES, codec=Killed("npz", compressed=True))
"""


def test_a_killed_shard_starts_again_and_gives_the_same_bytes(tmp_path: Path) -> None:
    build(tmp_path / "whole" / "0", SAMPLES)
    killed = tmp_path / "killed"
    paths = [str(Path(__file__).parents[1]), str(Path(feedrate.__file__).parents[1])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", KILLED, str(killed)]
    done = subprocess.run(command, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.name for path in killed.iterdir()] == [".0.tmp"], "no shard, whole or half"
    assert shard_folders(killed) == []
    build(killed / "0", SAMPLES)
    assert contents(killed) == contents(tmp_path / "whole")
    assert [path.name for path in killed.iterdir()] == ["0"]


def test_a_rebuilt_shard_replaces_the_old_one(tmp_path: Path) -> None:
    build(tmp_path / "0", SAMPLES[:2])
    (tmp_path / "0" / "old.npz").write_bytes(b"")
    build(tmp_path / "0", SAMPLES[2:])
    assert sorted(index_of(tmp_path / "0")["maps"]) == [item.key for item in SAMPLES[2:]]
    assert len(contents(tmp_path / "0")) == 6


class Choosy(ArchiveCodec):
    """Refuses what it gets."""

    def encode(self, drawn: Drawn) -> bytes:
        raise ValueError("too soft")


def test_maps_that_a_codec_refuses_are_named(tmp_path: Path) -> None:
    with pytest.raises(MapError, match=r"000\.jpg: the codec choosy cannot store .*: too soft"):
        build(tmp_path / "0", SAMPLES, codec=Choosy("choosy", compressed=True))
    assert not list(tmp_path.iterdir())
