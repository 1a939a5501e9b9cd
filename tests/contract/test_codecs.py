"""Every codec gives back what it was given; the ``npz`` one writes the established format."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest

from feedrate.registry import REGISTRIES, resolve
from feedrate.targets import Targets
from feedrate.targets.agreement import MAX_ERROR, largest_error
from feedrate.targets.codecs.npz import CODEC
from feedrate.targets.reference import build_reference

SIZE = (48, 80)
BOX = np.array([[10.0, 10.0], [60.5, 12.0], [59.0, 36.0], [8.5, 34.0]])
CODECS = sorted(REGISTRIES["codecs"])


@pytest.fixture
def maps() -> Targets:
    return build_reference([BOX], [False], SIZE)


@pytest.mark.parametrize("name", CODECS)
def test_a_round_trip_keeps_the_maps(name: str, maps: Targets) -> None:
    codec = resolve("codecs", name)
    assert codec.name == name
    assert codec.suffix.startswith(".")
    seen = codec.decode(codec.encode(maps))
    assert seen.threshold_map.dtype == np.float32
    assert largest_error(seen, maps) <= MAX_ERROR


@pytest.mark.parametrize("name", CODECS)
def test_equal_maps_give_equal_bytes_in_every_process(name: str, maps: Targets) -> None:
    codec = resolve("codecs", name)
    assert pickle.loads(pickle.dumps(codec)).encode(maps) == codec.encode(maps)  # noqa: S301


@pytest.mark.parametrize("name", CODECS)
def test_a_truncated_file_is_refused(name: str, maps: Targets) -> None:
    codec = resolve("codecs", name)
    data = codec.encode(maps)
    for length in (0, 10, len(data) // 2, len(data) - 1):
        with pytest.raises(ValueError, match=r"\w"):
            codec.decode(data[:length])


def test_npz_writes_the_established_format(maps: Targets) -> None:
    with np.load(io.BytesIO(CODEC.encode(maps)), allow_pickle=False) as archive:
        assert archive.files == ["prob_map", "thresh_map"]
        for key, expected in (("prob_map", maps.shrink_map), ("thresh_map", maps.threshold_map)):
            assert archive[key].dtype == np.float32
            np.testing.assert_array_equal(archive[key], expected[np.newaxis])


def test_npz_reads_what_it_stores_without_masks(maps: Targets) -> None:
    seen = CODEC.decode(CODEC.encode(maps))
    assert seen.shrink_mask is None
    assert seen.threshold_mask is None
    assert seen.shrink_map.dtype == np.float32
    np.testing.assert_array_equal(seen.shrink_map, maps.shrink_map)
    np.testing.assert_array_equal(seen.threshold_map, maps.threshold_map)


@pytest.mark.parametrize(
    ("arrays", "fault"),
    [
        ({"prob_map": np.zeros((1, 4, 4), np.float32)}, "thresh_map"),
        (
            {name: np.zeros((4, 4), np.float32) for name in ("prob_map", "thresh_map")},
            r"prob_map is float32 \(4, 4\), must be float32 \(1, height, width\)",
        ),
        (
            {name: np.zeros((1, 4, 4)) for name in ("prob_map", "thresh_map")},
            r"prob_map is float64",
        ),
    ],
)
def test_npz_names_what_is_wrong(arrays: dict[str, np.ndarray], fault: str) -> None:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    with pytest.raises(ValueError, match=fault):
        CODEC.decode(stream.getvalue())


def test_npz_refuses_a_single_array() -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    with pytest.raises(ValueError, match="not an npz archive"):
        CODEC.decode(stream.getvalue())
