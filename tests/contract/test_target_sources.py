"""Every target source hands over the maps of the reference, and says truly where they came from."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from feedrate.maps import build_shard
from feedrate.registry import REGISTRIES, resolve
from feedrate.sample import Polygon, Sample
from feedrate.targets import TargetParams
from feedrate.targets.agreement import MAX_ERROR, largest_error
from feedrate.targets.codecs.npz import CODEC
from feedrate.targets.layout import MapError
from feedrate.targets.reference import build_reference

SIZE = (48, 80)
PARAMS = TargetParams()
BOX = np.array([[10.0, 10.0], [60.5, 12.0], [59.0, 36.0], [8.5, 34.0]])
POLYGONS: dict[str, list[Polygon]] = {"a.jpg": [BOX], "b.jpg": [BOX * 0.5, BOX], "c.jpg": []}
KEYS = list(POLYGONS)
SOURCES = sorted(REGISTRIES["targets"])
STORED = ("npz", "npz_ram")
ORIGINS = {"npz": "file", "npz_ram": "memory"}


def flags(key: str) -> list[bool]:
    return [False] * len(POLYGONS[key])


@pytest.fixture
def maps_dir(tmp_path: Path) -> Path:
    samples = [Sample(key, Path(key), 0, 0) for key in KEYS]
    for shard in range(2):
        build_shard(
            samples[shard::2],
            lambda sample: (POLYGONS[sample.key], flags(sample.key)),
            tmp_path / "npz" / str(shard),
            CODEC,
            SIZE,
            PARAMS,
            "code",
        )
    return tmp_path / "npz"


@pytest.mark.parametrize("name", SOURCES)
def test_the_maps_are_those_of_the_reference(name: str, maps_dir: Path) -> None:
    source = resolve("targets", name)(KEYS, maps_dir, SIZE, PARAMS)
    for key in [*KEYS, *KEYS]:
        fetched = source.fetch(key, POLYGONS[key], flags(key))
        assert fetched.origin == ORIGINS.get(name, "computed")
        if name == "none":
            assert fetched.payload is None
            continue
        expected = build_reference(POLYGONS[key], flags(key), SIZE, PARAMS)
        assert largest_error(fetched.payload, expected) <= MAX_ERROR


@pytest.mark.parametrize("name", SOURCES)
def test_only_files_read_on_this_fetch_are_counted(name: str, maps_dir: Path) -> None:
    source = resolve("targets", name)(KEYS, maps_dir, SIZE, PARAMS)
    for key in KEYS:
        [path] = maps_dir.glob(f"*/{Path(key).stem}.npz")
        expected = path.stat().st_size if ORIGINS.get(name) == "file" else 0
        assert source.fetch(key, POLYGONS[key], flags(key)).file_bytes == expected


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_can_be_sent_to_a_worker(name: str, maps_dir: Path) -> None:
    source = resolve("targets", name)(KEYS, maps_dir, SIZE, PARAMS)
    copy = pickle.loads(pickle.dumps(source))  # noqa: S301
    fetched = copy.fetch("a.jpg", [BOX], [False])
    assert fetched.origin == ORIGINS.get(name, "computed")


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in STORED])
def test_computing_needs_no_folder(name: str) -> None:
    source = resolve("targets", name)(KEYS, None, SIZE, PARAMS)
    assert source.fetch("a.jpg", [BOX], [False]).origin == "computed"


def test_npz_reads_its_file_each_time_and_npz_ram_never_again(maps_dir: Path) -> None:
    sources = [resolve("targets", name)(["a.jpg"], maps_dir, SIZE, PARAMS) for name in STORED]
    [path] = maps_dir.glob("*/a.npz")
    path.unlink()
    assert sources[1].fetch("a.jpg", [BOX], [False]).origin == "memory"
    with pytest.raises(FileNotFoundError, match=r"a\.npz"):
        sources[0].fetch("a.jpg", [BOX], [False])


@pytest.mark.parametrize("name", STORED)
def test_a_missing_map_is_named_with_its_remedy(name: str, maps_dir: Path) -> None:
    open_source = resolve("targets", name)
    with pytest.raises(FileNotFoundError, match=r"'x\.jpg'.*snakemake --cores 8 .*npz\.json"):
        open_source([*KEYS, "x.jpg"], maps_dir, SIZE, PARAMS)
    [path] = maps_dir.glob("*/b.npz")
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"b\.npz: no stored map.*snakemake"):
        open_source(KEYS, maps_dir, SIZE, PARAMS)
    with pytest.raises(FileNotFoundError, match="no folder of stored maps"):
        open_source(KEYS, None, SIZE, PARAMS)


@pytest.mark.parametrize("name", STORED)
def test_maps_of_another_size_or_other_parameters_are_refused(name: str, maps_dir: Path) -> None:
    open_source = resolve("targets", name)
    with pytest.raises(MapError, match=r"index\.json: made for another size"):
        open_source(KEYS, maps_dir, (80, 80), PARAMS)
    with pytest.raises(MapError, match=r"index\.json: made for another size or other param"):
        open_source(KEYS, maps_dir, SIZE, TargetParams(shrink_ratio=0.5))


@pytest.mark.parametrize("name", STORED)
def test_a_damaged_file_is_named(name: str, maps_dir: Path) -> None:
    [path] = maps_dir.glob("*/b.npz")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(MapError, match=r"b\.npz: not an npz archive"):
        resolve("targets", name)(KEYS, maps_dir, SIZE, PARAMS).fetch("b.jpg", [], [])


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": 99}', json.dumps({"schema": 1})])
def test_a_damaged_index_is_named(content: str, maps_dir: Path) -> None:
    (maps_dir / "0" / "index.json").write_text(content)
    with pytest.raises(MapError, match=r"0/index\.json: not an index of maps"):
        resolve("targets", "npz")(KEYS, maps_dir, SIZE, PARAMS)
