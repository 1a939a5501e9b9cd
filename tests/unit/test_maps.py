"""Shards are whole or absent, and verification finds every kind of damage."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from feedrate.maps import build_shard, shard_of, verify_maps
from feedrate.sample import Polygon, Sample, TextInstance
from feedrate.targets import TargetParams, Targets
from feedrate.targets.codecs.npz import CODEC, NpzCodec
from feedrate.targets.layout import MapError, polygons_hash

SIZE = (64, 96)
PARAMS = TargetParams()
CODE = "0123456789abcdef"
BOX = np.array([[10.0, 10.0], [60.5, 12.0], [59.0, 36.0], [8.5, 34.0]])


def sample(number: int, words: int) -> Sample:
    boxes = [BOX + np.array([number, 3.0 * word]) for word in range(words)]
    texts = tuple(TextInstance(box, ignore=word == 1) for word, box in enumerate(boxes))
    return Sample(f"{number:03}.jpg", Path(f"{number:03}.jpg"), 96, 64, texts)


SAMPLES = [sample(number, number % 4) for number in range(7)]  # the first has no text


def polygons_of(item: Sample) -> tuple[Sequence[Polygon], Sequence[bool]]:
    return [text.polygon for text in item.instances], [text.ignore for text in item.instances]


def build(directory: Path, samples: Sequence[Sample], **changed: Any) -> None:
    settings = {"codec": CODEC, "size": SIZE, "params": PARAMS, "code": CODE, **changed}
    build_shard(samples, polygons_of, directory, **settings)


def verify(maps_dir: Path, samples: Sequence[Sample] = SAMPLES, **changed: Any) -> dict[str, Any]:
    settings = {"codec": CODEC, "size": SIZE, "params": PARAMS, "code": CODE, **changed}
    settings.setdefault("polygons_of", polygons_of)
    shards = [maps_dir / str(shard) for shard in range(3)]
    return verify_maps(samples, shard_directories=shards, **settings)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    maps_dir = tmp_path_factory.mktemp("maps") / "npz"
    for shard in range(3):
        build(maps_dir / str(shard), shard_of(SAMPLES, shard, 3))
    return maps_dir


@pytest.fixture
def maps_dir(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "npz"))


def test_shards_divide_the_samples_whatever_their_order() -> None:
    shards = [shard_of(SAMPLES, number, 3) for number in range(3)]
    assert [len(shard) for shard in shards] == [3, 2, 2]
    assert {item.key for shard in shards for item in shard} == {item.key for item in SAMPLES}
    assert shard_of(SAMPLES[::-1], 1, 3) == shards[1]
    with pytest.raises(ValueError, match="shard 3 of 3: must be 0 to 2"):
        shard_of(SAMPLES, 3, 3)


def test_a_shard_has_a_file_for_every_sample_and_an_index(built: Path) -> None:
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


def test_the_verdict_counts_what_was_compared(built: Path) -> None:
    seen: list[int] = []
    verdict = verify(built, progress=seen.append)
    assert seen == list(range(1, 8))
    assert verdict["maps"] == 7
    assert verdict["shards"] == 3
    assert verdict["bytes"] == sum(path.stat().st_size for path in built.glob("*/*.npz"))
    assert 0 <= verdict["max_error"] <= 1e-6
    assert json.loads(json.dumps(verdict))["size"] == [64, 96]


def test_several_processes_reach_the_same_verdict(tmp_path: Path) -> None:
    samples = [sample(number, number % 3) for number in range(40)]
    for shard in range(3):
        build(tmp_path / str(shard), shard_of(samples, shard, 3))
    assert verify(tmp_path, samples, processes=2) == verify(tmp_path, samples, processes=1)
    path = tmp_path / "1" / "001.npz"
    path.write_bytes(b"nothing")
    with pytest.raises(MapError, match=r"1/001\.npz: altered"):
        verify(tmp_path, samples, processes=2)


def test_progress_is_told_while_a_shard_is_built(tmp_path: Path) -> None:
    seen: list[int] = []
    build(tmp_path / "0", SAMPLES, progress=seen.append)
    assert seen == list(range(1, 8))


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


def forge(maps_dir: Path, error: float) -> None:
    """Write other values and make the index vouch for them."""
    path = maps_dir / "0" / "003.npz"
    maps = CODEC.decode(path.read_bytes())
    maps.threshold_map[5, 5] += np.float32(error)
    data = CODEC.encode(maps)
    path.write_bytes(data)
    rewrite_index(maps_dir, "003.jpg", sha256=hashlib.sha256(data).hexdigest())


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


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"size": (64, 64)}, "size"),
        ({"params": TargetParams(preset="db")}, "params"),
        ({"code": "fedcba9876543210"}, "code"),
        ({"codec": NpzCodec(name="other")}, "codec"),
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


def test_the_hash_tells_polygons_and_flags_apart() -> None:
    two = polygons_hash([BOX[:2], BOX[2:]], [False, False])
    assert len({two, polygons_hash([BOX], [False]), polygons_hash([BOX], [True])}) == 3


def test_two_keys_with_one_stem_are_refused(tmp_path: Path) -> None:
    twins = [Sample(key, Path(key), 0, 0) for key in ("a.jpg", "b.jpg", "a.png")]
    with pytest.raises(MapError, match=r"a\.jpg and a\.png: these keys share a stem"):
        build(tmp_path / "0", twins)
    with pytest.raises(MapError, match="share a stem"):
        shard_of(twins, 0, 3)
    assert not list(tmp_path.iterdir())


class Interrupted(NpzCodec):
    """Breaks off after two maps."""

    done: list[int] = []  # noqa: RUF012

    def encode(self, targets: Targets) -> bytes:
        self.done.append(1)
        if len(self.done) == 3:
            raise KeyboardInterrupt
        return super().encode(targets)


def test_an_interrupted_shard_leaves_the_old_one_whole(maps_dir: Path) -> None:
    before = {path: path.read_bytes() for path in maps_dir.rglob("*.*")}
    with pytest.raises(KeyboardInterrupt):
        build(maps_dir / "0", shard_of(SAMPLES, 0, 3), codec=Interrupted())
    assert {path: path.read_bytes() for path in maps_dir.rglob("*.*")} == before
    verify(maps_dir)


def test_a_rebuilt_shard_replaces_the_old_one(maps_dir: Path) -> None:
    (maps_dir / "0" / "old.npz").write_bytes(b"")
    killed = maps_dir / ".0.tmp"
    killed.mkdir()
    (killed / "half.npz").write_bytes(b"")
    build(maps_dir / "0", shard_of(SAMPLES, 0, 3))
    assert not killed.exists()
    assert verify(maps_dir)["maps"] == 7
