"""Every target source hands over the maps of the reference, and says truly where they came from."""

from __future__ import annotations

import importlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from feedrate.maps import build_shard
from feedrate.registry import REGISTRIES, STORED_MAPS, resolve, target_of
from feedrate.sample import Polygon, Sample
from feedrate.targets import TargetParams
from feedrate.targets.agreement import largest_error
from feedrate.targets.codecs import EXACT
from feedrate.targets.layout import MapError
from feedrate.targets.reference import build_reference

SIZE = (48, 80)
PARAMS = TargetParams()
BOX = np.array([[10.0, 10.0], [60.5, 12.0], [59.0, 36.0], [8.5, 34.0]])
POLYGONS: dict[str, list[Polygon]] = {"a.jpg": [BOX], "b.jpg": [BOX * 0.5, BOX], "c.jpg": []}
KEYS = list(POLYGONS)
SOURCES = sorted(REGISTRIES["targets"])
STORED = sorted(STORED_MAPS)
ORIGINS = {
    name: importlib.import_module(target_of("targets", name).partition(":")[0]).ORIGIN
    for name in SOURCES
}
READING = [name for name in STORED if ORIGINS[name] == "file"]
KEEPING = [name for name in STORED if ORIGINS[name] == "memory"]


def flags(key: str) -> list[bool]:
    return [False] * len(POLYGONS[key])


def file_of(maps_dir: Path, name: str, key: str) -> Path:
    [path] = (maps_dir / STORED_MAPS[name]).glob(f"*/{Path(key).stem}.*")
    return path


@pytest.fixture
def maps_dir(tmp_path: Path) -> Path:
    samples = [Sample(key, Path(key), 0, 0) for key in KEYS]
    for codec in REGISTRIES["codecs"]:
        for shard in range(2):
            build_shard(
                samples[shard::2],
                lambda sample: (POLYGONS[sample.key], flags(sample.key)),
                tmp_path / codec / str(shard),
                resolve("codecs", codec),
                SIZE,
                PARAMS,
                "code",
            )
    return tmp_path


def test_every_codec_has_a_source_that_reads_its_files() -> None:
    assert {STORED_MAPS[name] for name in READING} == set(REGISTRIES["codecs"])
    assert set(STORED) == set(READING) | set(KEEPING)


@pytest.mark.parametrize("name", SOURCES)
def test_the_maps_are_those_of_the_reference(name: str, maps_dir: Path) -> None:
    folder = maps_dir / STORED_MAPS.get(name, "")
    source = resolve("targets", name)(KEYS, folder, SIZE, PARAMS)
    codec = STORED_MAPS.get(name)
    allowed = resolve("codecs", codec).max_error(PARAMS) if codec else EXACT
    for key in [*KEYS, *KEYS]:
        fetched = source.fetch(key, POLYGONS[key], flags(key))
        assert fetched.origin == (ORIGINS[name] or "computed")
        if ORIGINS[name] is None:
            assert fetched.payload is None
            continue
        expected = build_reference(POLYGONS[key], flags(key), SIZE, PARAMS)
        assert largest_error(fetched.payload, expected) <= allowed


@pytest.mark.parametrize("name", SOURCES)
def test_only_files_read_on_this_fetch_are_counted(name: str, maps_dir: Path) -> None:
    source = resolve("targets", name)(KEYS, maps_dir / STORED_MAPS.get(name, ""), SIZE, PARAMS)
    for key in KEYS:
        expected = file_of(maps_dir, name, key).stat().st_size if name in READING else 0
        assert source.fetch(key, POLYGONS[key], flags(key)).file_bytes == expected


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_can_be_sent_to_a_worker(name: str, maps_dir: Path) -> None:
    source = resolve("targets", name)(KEYS, maps_dir / STORED_MAPS.get(name, ""), SIZE, PARAMS)
    copy = pickle.loads(pickle.dumps(source))  # noqa: S301
    fetched = copy.fetch("a.jpg", [BOX], [False])
    assert fetched.origin == (ORIGINS[name] or "computed")


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in STORED])
def test_computing_needs_no_folder(name: str) -> None:
    source = resolve("targets", name)(KEYS, None, SIZE, PARAMS)
    assert source.fetch("a.jpg", [BOX], [False]).origin == "computed"


@pytest.mark.parametrize("name", STORED)
def test_stored_maps_do_not_depend_on_the_polygons_handed_over(name: str, maps_dir: Path) -> None:
    source = resolve("targets", name)(["a.jpg"], maps_dir / STORED_MAPS[name], SIZE, PARAMS)
    one, other = source.fetch("a.jpg", [BOX], [False]), source.fetch("a.jpg", [], [])
    assert one.payload is not None
    assert other.payload is not None
    assert largest_error(other.payload, one.payload) == 0
    assert one.payload.shrink_map.any()


@pytest.mark.parametrize("name", READING)
def test_a_file_source_reads_its_file_each_time(name: str, maps_dir: Path) -> None:
    source = resolve("targets", name)(["a.jpg"], maps_dir / STORED_MAPS[name], SIZE, PARAMS)
    path = file_of(maps_dir, name, "a.jpg")
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"a\."):
        source.fetch("a.jpg", [BOX], [False])


@pytest.mark.parametrize("name", KEEPING)
def test_a_memory_source_never_reads_its_file_again(name: str, maps_dir: Path) -> None:
    source = resolve("targets", name)(["a.jpg"], maps_dir / STORED_MAPS[name], SIZE, PARAMS)
    file_of(maps_dir, name, "a.jpg").unlink()
    assert source.fetch("a.jpg", [BOX], [False]).origin == "memory"


@pytest.mark.parametrize("name", STORED)
def test_a_missing_map_is_named_with_its_remedy(name: str, maps_dir: Path) -> None:
    open_source, codec = resolve("targets", name), STORED_MAPS[name]
    folder = maps_dir / codec
    with pytest.raises(FileNotFoundError, match=rf"'x\.jpg'.*snakemake --cores 8 .*{codec}\.json"):
        open_source([*KEYS, "x.jpg"], folder, SIZE, PARAMS)
    file_of(maps_dir, name, "b.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"b\..*: no stored map.*snakemake"):
        open_source(KEYS, folder, SIZE, PARAMS)
    with pytest.raises(FileNotFoundError, match="no folder of stored maps"):
        open_source(KEYS, None, SIZE, PARAMS)


@pytest.mark.parametrize("name", STORED)
def test_maps_of_another_size_or_other_parameters_are_refused(name: str, maps_dir: Path) -> None:
    open_source, folder = resolve("targets", name), maps_dir / STORED_MAPS[name]
    with pytest.raises(MapError, match=r"index\.json: made for another size"):
        open_source(KEYS, folder, (80, 80), PARAMS)
    with pytest.raises(MapError, match=r"index\.json: made for another size or other param"):
        open_source(KEYS, folder, SIZE, TargetParams(shrink_ratio=0.5))


@pytest.mark.parametrize("name", STORED)
def test_a_damaged_file_is_named(name: str, maps_dir: Path) -> None:
    path = file_of(maps_dir, name, "b.jpg")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(MapError, match=rf"{path.name}: not "):
        resolve("targets", name)(KEYS, path.parents[1], SIZE, PARAMS).fetch("b.jpg", [], [])


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": 99}', json.dumps({"schema": 1})])
def test_a_damaged_index_is_named(content: str, maps_dir: Path) -> None:
    (maps_dir / "npz" / "0" / "index.json").write_text(content)
    with pytest.raises(MapError, match=r"0/index\.json: not an index of maps"):
        resolve("targets", "npz")(KEYS, maps_dir / "npz", SIZE, PARAMS)
