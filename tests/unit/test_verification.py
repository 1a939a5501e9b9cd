"""Verification finds every kind of damage, and says what it looked at."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from shards import PARAMS, SAMPLES, SIZE, build, polygons_of, sample, verify

from feedrate.dataconfig import MapSettings
from feedrate.maps import shard_of
from feedrate.registry import REGISTRIES, resolve
from feedrate.sample import Polygon, Sample
from feedrate.targets import TargetParams
from feedrate.targets.codecs import EXACT, Drawn
from feedrate.targets.codecs.archive import ArchiveCodec
from feedrate.targets.codecs.npz import CODEC
from feedrate.targets.layout import MapError
from feedrate.verification import sampled_keys


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    maps_dir = tmp_path_factory.mktemp("maps") / "npz"
    for shard in range(3):
        build(maps_dir / str(shard), shard_of(SAMPLES, shard, 3))
    return maps_dir


@pytest.fixture
def maps_dir(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "npz"))


def test_the_verdict_counts_what_was_compared(built: Path) -> None:
    seen: list[int] = []
    verdict = verify(built, progress=seen.append)
    assert seen == list(range(1, 8))
    assert verdict["maps"] == verdict["recomputed"] == 7
    assert verdict["shards"] == 3
    assert verdict["bytes"] == sum(path.stat().st_size for path in built.glob("*/*.npz"))
    assert 0 <= verdict["max_error"] <= verdict["allowed_error"] == EXACT
    assert json.loads(json.dumps(verdict))["size"] == [64, 96]


def test_maps_of_images_in_folders_lie_in_the_same_folders(tmp_path: Path) -> None:
    nested = [replace(item, key=f"page {item.key[:2]}/{item.key}") for item in SAMPLES]
    for shard in range(3):
        build(tmp_path / str(shard), shard_of(nested, shard, 3))
    assert (tmp_path / "1/page 00/001.npz").is_file()
    assert verify(tmp_path, nested)["maps"] == 7
    (tmp_path / "1/page 00/stray.npz").write_bytes(b"")
    with pytest.raises(MapError, match=r"stray\.npz: orphan"):
        verify(tmp_path, nested)


@pytest.mark.parametrize("name", REGISTRIES["codecs"])
def test_maps_of_every_codec_are_verified(name: str, tmp_path: Path) -> None:
    codec = resolve("codecs", name)
    for shard in range(3):
        build(tmp_path / str(shard), shard_of(SAMPLES, shard, 3), codec=codec)
    verdict = verify(tmp_path, codec=codec)
    assert verdict["codec"] == name
    assert verdict["allowed_error"] == codec.max_error(PARAMS)
    assert (verdict["max_error"] > EXACT) == (codec.max_error(PARAMS) > EXACT)


def test_several_processes_reach_the_same_verdict(tmp_path: Path) -> None:
    samples = [sample(number, number % 3) for number in range(40)]
    for shard in range(3):
        build(tmp_path / str(shard), shard_of(samples, shard, 3))
    assert verify(tmp_path, samples, processes=2) == verify(tmp_path, samples, processes=1)
    path = tmp_path / "1" / "001.npz"
    path.write_bytes(b"nothing")
    with pytest.raises(MapError, match=r"1/001\.npz: altered"):
        verify(tmp_path, samples, processes=2)


def rewrite_index(maps_dir: Path, key: str, **changed: object) -> None:
    path = maps_dir / "0" / "index.json"
    index = json.loads(path.read_text())
    index["maps"][key] |= changed
    path.write_text(json.dumps(index))


def drop_from_index(maps_dir: Path) -> None:
    path = maps_dir / "0" / "index.json"
    index = json.loads(path.read_text())
    del index["maps"]["003.jpg"]
    path.write_text(json.dumps(index))
    (maps_dir / "0" / "003.npz").unlink()


def flip_a_byte(maps_dir: Path) -> None:
    path = maps_dir / "0" / "003.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def forge(maps_dir: Path, error: float, stem: str = "003") -> None:
    """Write other values and make the index vouch for them."""
    path = maps_dir / "0" / f"{stem}.npz"
    maps = CODEC.decode(path.read_bytes(), SIZE, PARAMS)
    maps.threshold_map[5, 5] += np.float32(error)
    data = CODEC.encode(Drawn([], [], SIZE, PARAMS, maps))
    path.write_bytes(data)
    rewrite_index(maps_dir, f"{stem}.jpg", sha256=hashlib.sha256(data).hexdigest())


def double(maps_dir: Path) -> None:
    shutil.rmtree(maps_dir / "1")
    shutil.copytree(maps_dir / "0", maps_dir / "1")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing file": (lambda d: (d / "0/003.npz").unlink(), r"0/003\.npz: missing"),
    "missing key": (drop_from_index, r"003\.jpg: its map is missing in every shard"),
    "missing index": (lambda d: (d / "2/index.json").unlink(), r"2/index\.json: missing"),
    "missing shard": (lambda d: shutil.rmtree(d / "2"), r"2/index\.json: missing"),
    "orphan file": (lambda d: (d / "0/x.npz").write_bytes(b""), r"0/x\.npz: orphan"),
    "orphan shard": (lambda d: shutil.copytree(d / "0", d / "9"), r"9: orphan"),
    "altered file": (flip_a_byte, r"0/003\.npz: altered"),
    "wrong values": (lambda d: forge(d, 1e-4), r"0/003\.npz: wrong by up to 0\.0001"),
    "not a number": (lambda d: forge(d, np.nan), r"0/003\.npz: wrong by up to nan"),
    "doubled map": (double, r"1/000\.npz: '000\.jpg' is in .*0/000\.npz already"),
    "stale polygons": (
        lambda d: rewrite_index(d, "003.jpg", polygons="0" * 64),
        r"0/003\.npz: stale, made from other polygons",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_verification_finds(damage: str, maps_dir: Path) -> None:
    inflict, message = DAMAGES[damage]
    inflict(maps_dir)
    with pytest.raises(MapError, match=message) as caught:
        verify(maps_dir)
    assert "\n" not in str(caught.value)


def test_a_sample_is_recomputed_and_every_file_is_looked_at(maps_dir: Path) -> None:
    verdict = verify(maps_dir, recompute=2)
    assert (verdict["maps"], verdict["recomputed"]) == (7, 2)
    assert verify(maps_dir, recompute=100)["recomputed"] == 7
    chosen = sampled_keys([item.key for item in SAMPLES], 2)
    passed_over = next(item for item in SAMPLES if item.key not in chosen)
    [path] = maps_dir.glob(f"*/{passed_over.image_path.stem}.npz")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(MapError, match=rf"{path.name}: altered"):
        verify(maps_dir, recompute=2)


def test_only_the_maps_of_the_sample_are_compared(maps_dir: Path) -> None:
    forge(maps_dir, 1e-4, "006")  # the index vouches for it: only recomputing shows it
    keys = [item.key for item in SAMPLES]
    first = next(count for count in range(1, 8) if "006.jpg" in sampled_keys(keys, count))
    assert 1 < first < 7
    assert verify(maps_dir, recompute=first - 1)["recomputed"] == first - 1
    with pytest.raises(MapError, match=r"006\.npz: wrong by up to 0\.0001"):
        verify(maps_dir, recompute=first)


def test_a_sample_hangs_on_the_keys_alone() -> None:
    keys = [f"{number}.jpg" for number in range(100)]
    drawn = sampled_keys(keys, 10)
    assert len(drawn) == 10
    assert sampled_keys(keys[::-1], 10) == drawn
    assert drawn < sampled_keys(keys, 11)
    assert drawn != set(keys[:10])
    assert sampled_keys(keys, "all") == set(keys)


@pytest.mark.parametrize(("value", "allowed"), [("all", "all"), (20, 20), ("20", 20)])
def test_a_study_says_how_many_maps_are_recomputed(value: Any, allowed: Any) -> None:
    assert MapSettings(verify=value).verify == allowed


@pytest.mark.parametrize("value", ["some", 0, -3, 2.5, "0", None])
def test_another_number_of_maps_is_refused_in_one_line(value: Any) -> None:
    with pytest.raises(ValidationError, match="must be `all` or a whole number from 1") as caught:
        MapSettings(verify=value)
    assert caught.value.error_count() == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"size": (64, 64)}, "size"),
        ({"params": TargetParams(preset="db")}, "params"),
        ({"code": "fedcba9876543210"}, "code"),
        ({"codec": ArchiveCodec("other", compressed=True)}, "codec"),
    ],
)
def test_maps_of_another_study_are_stale(changed: dict[str, Any], field: str, built: Path) -> None:
    with pytest.raises(MapError, match=rf"0/index\.json: stale, {field} is "):
        verify(built, **changed)


def test_a_moved_polygon_makes_its_map_stale(built: Path) -> None:
    def moved(item: Sample) -> tuple[Sequence[Polygon], Sequence[bool]]:
        polygons, ignore = polygons_of(item)
        return [polygon + 1e-9 for polygon in polygons], ignore

    with pytest.raises(MapError, match=r"0*1\.npz: stale, made from other polygons"):
        verify(built, polygons_of=moved)


def test_a_sample_gone_leaves_an_orphan(built: Path) -> None:
    with pytest.raises(MapError, match=r"0/006\.npz: orphan, no sample has the key '006\.jpg'"):
        verify(built, SAMPLES[:-1])
