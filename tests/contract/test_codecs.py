"""Every codec gives back what it was given; the ``npz`` one writes the established format."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrate.registry import REGISTRIES, resolve
from feedrate.sample import Polygon
from feedrate.targets import TargetParams, Targets, build_targets
from feedrate.targets.agreement import largest_error
from feedrate.targets.codecs import EXACT, Codec, Drawn
from feedrate.targets.codecs.npz import CODEC as NPZ
from feedrate.targets.codecs.packed import CODEC as PACKED
from feedrate.targets.codecs.polygons import CODEC as POLYGONS
from feedrate.targets.kernel import empty_targets

SIZE = (48, 75)  # not a whole number of bytes a row
PARAMS = TargetParams()
BOX = np.array([[10.0, 10.0], [60.5, 12.0], [59.0, 36.0], [8.5, 34.0]])


def draw(
    polygons: list[Polygon], ignore: list[bool] | None = None, params: TargetParams = PARAMS
) -> Drawn:
    flags = ignore or [False] * len(polygons)
    return Drawn(polygons, flags, SIZE, params, build_targets(polygons, flags, SIZE, params))


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw([BOX, BOX * 0.7 + (0.1, 12)], [False, True])


@pytest.fixture(scope="module", params=REGISTRIES["codecs"])
def codec(request: pytest.FixtureRequest) -> Codec:
    found: Codec = resolve("codecs", request.param)
    assert found.name == request.param
    return found


def test_a_round_trip_keeps_the_maps(codec: Codec, drawn: Drawn) -> None:
    assert codec.suffix.startswith(".")
    seen = codec.decode(codec.encode(drawn), SIZE, PARAMS)
    assert seen.threshold_map.dtype == np.float32
    assert largest_error(seen, drawn.targets) <= codec.max_error(PARAMS) <= 7.9e-4
    np.testing.assert_array_equal(seen.shrink_map, drawn.targets.shrink_map)


def test_a_page_without_text_is_kept(codec: Codec) -> None:
    empty = draw([])
    seen = codec.decode(codec.encode(empty), SIZE, PARAMS)
    assert largest_error(seen, empty.targets) <= EXACT


def test_other_thresholds_are_kept(codec: Codec) -> None:
    params = TargetParams(thresh_min=0.0, thresh_max=1.0)
    drawn = draw([BOX], params=params)
    seen = codec.decode(codec.encode(drawn), SIZE, params)
    assert largest_error(seen, drawn.targets) <= codec.max_error(params) < 2e-3


def test_equal_maps_give_equal_bytes_in_every_process(codec: Codec, drawn: Drawn) -> None:
    assert pickle.loads(pickle.dumps(codec)).encode(drawn) == codec.encode(drawn)  # noqa: S301


def test_slices_of_a_batch_are_filled(codec: Codec, drawn: Drawn) -> None:
    batch = [np.full((3, *SIZE), 9, dtype) for dtype in (np.uint8, np.uint8, np.float32, np.uint8)]
    out = Targets(*(array[1] for array in batch))
    data = codec.encode(drawn)
    seen, alone = codec.decode(data, SIZE, PARAMS, out), codec.decode(data, SIZE, PARAMS)
    assert largest_error(seen, alone) == 0
    for array, name in zip(batch, ("shrink_map", "shrink_mask", "threshold_map"), strict=False):
        kept = getattr(seen, name)
        assert kept is None or np.shares_memory(kept, array)
        assert (array[[0, 2]] == 9).all()


def test_buffers_that_do_not_fit_are_refused(codec: Codec, drawn: Drawn) -> None:
    data = codec.encode(drawn)
    with pytest.raises(ValueError, match=r"\(48, 75\)"):
        codec.decode(data, SIZE, PARAMS, empty_targets((48, 74)))
    fresh = empty_targets(SIZE)
    narrow = Targets(fresh.shrink_map, fresh.shrink_mask, fresh.shrink_map, fresh.threshold_mask)
    with pytest.raises(ValueError, match="uint8"):
        codec.decode(data, SIZE, PARAMS, narrow)


def test_a_file_of_another_size_is_refused(codec: Codec, drawn: Drawn) -> None:
    with pytest.raises(ValueError, match=r"\(48, 75\), must be \(75, 48\)"):
        codec.decode(codec.encode(drawn), (75, 48), PARAMS)


def test_a_truncated_or_longer_file_is_refused(codec: Codec, drawn: Drawn) -> None:
    data = codec.encode(drawn)
    for length in {*range(0, len(data), max(1, len(data) // 50)), len(data) - 1}:
        with pytest.raises(ValueError, match=r"\w") as caught:
            codec.decode(data[:length], SIZE, PARAMS)
        assert "\n" not in str(caught.value)


def test_a_flipped_bit_is_refused_or_harmless(codec: Codec, drawn: Drawn) -> None:
    data = codec.encode(drawn)
    expected = codec.decode(data, SIZE, PARAMS)
    refused = 0
    places = np.unique(np.linspace(0, len(data) - 1, 400).astype(int))
    for place in places:
        damaged = bytearray(data)
        damaged[place] ^= 1 << (place % 8)
        try:
            seen = codec.decode(bytes(damaged), SIZE, PARAMS)
        except ValueError:
            refused += 1
        else:
            assert largest_error(seen, expected) == 0
    assert refused > len(places) / 2


def test_a_file_of_another_codec_is_refused(codec: Codec, drawn: Drawn) -> None:
    for name in REGISTRIES["codecs"]:
        other: Codec = resolve("codecs", name)
        if type(other) is not type(codec):
            with pytest.raises(ValueError, match=r"^not "):
                codec.decode(other.encode(drawn), SIZE, PARAMS)


# npz


def test_npz_writes_the_established_format(drawn: Drawn) -> None:
    maps = drawn.targets
    with np.load(io.BytesIO(NPZ.encode(drawn)), allow_pickle=False) as archive:
        assert archive.files == ["prob_map", "thresh_map"]
        for key, expected in (("prob_map", maps.shrink_map), ("thresh_map", maps.threshold_map)):
            assert archive[key].dtype == np.float32
            np.testing.assert_array_equal(archive[key], expected[np.newaxis])


def test_npz_reads_what_it_stores_without_masks(drawn: Drawn) -> None:
    seen = NPZ.decode(NPZ.encode(drawn), SIZE, PARAMS)
    assert seen.shrink_mask is None
    assert seen.threshold_mask is None
    assert seen.shrink_map.dtype == np.float32
    np.testing.assert_array_equal(seen.threshold_map, drawn.targets.threshold_map)


@pytest.mark.parametrize(
    ("arrays", "fault"),
    [
        ({"prob_map": np.zeros((1, *SIZE), np.float32)}, "thresh_map"),
        (
            {name: np.zeros(SIZE, np.float32) for name in ("prob_map", "thresh_map")},
            r"prob_map is float32 \(48, 75\), must be float32 \(1, height, width\)",
        ),
        (
            {name: np.zeros((1, *SIZE)) for name in ("prob_map", "thresh_map")},
            r"prob_map is float64",
        ),
    ],
)
def test_npz_names_what_is_wrong(arrays: dict[str, np.ndarray], fault: str) -> None:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    with pytest.raises(ValueError, match=fault):
        NPZ.decode(stream.getvalue(), SIZE, PARAMS)


def test_npz_refuses_a_single_array() -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    with pytest.raises(ValueError, match="not an npz archive"):
        NPZ.decode(stream.getvalue(), SIZE, PARAMS)


def test_npz_does_not_round_soft_maps_into_a_whole_numbered_buffer() -> None:
    soft = np.full(SIZE, 0.5, np.float32)
    maps = Drawn([], [], SIZE, PARAMS, Targets(soft, None, soft, None))
    with pytest.raises(ValueError, match="does not fit into uint8 without loss"):
        NPZ.decode(NPZ.encode(maps), SIZE, PARAMS, empty_targets(SIZE))


# packed

binary = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 2, SIZE, np.uint8)
)


@st.composite
def any_maps(draw: st.DrawFn) -> Targets:
    """Maps of noise, with or without masks: nothing that a codec could guess."""
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).uniform(0.3, 0.7, SIZE)
    masks = [draw(st.none() | binary) for _ in range(2)]
    return Targets(draw(binary), masks[0], noise.astype(np.float32), masks[1])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(any_maps())
def test_packed_keeps_bits_exactly_and_thresholds_to_half_a_step(maps: Targets) -> None:
    data = PACKED.encode(Drawn([], [], SIZE, PARAMS, maps))
    seen = PACKED.decode(data, SIZE, PARAMS)
    for name in ("shrink_map", "shrink_mask", "threshold_mask"):
        np.testing.assert_array_equal(getattr(seen, name), getattr(maps, name))
    assert np.abs(seen.threshold_map - maps.threshold_map).max() <= 7.9e-4


def test_packed_hands_over_levels_without_scaling(drawn: Drawn) -> None:
    data = PACKED.encode(drawn)
    levels, maps = PACKED.decode_quantised(data, SIZE, PARAMS), PACKED.decode(data, SIZE, PARAMS)
    assert levels.threshold_levels.dtype == levels.shrink_map.dtype == np.uint8
    scaled = levels.thresh_min + levels.threshold_levels * levels.step
    np.testing.assert_allclose(scaled, maps.threshold_map, atol=1e-6)
    assert maps.threshold_map.min() == np.float32(0.3)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("threshold_map", 0.71, "values outside 0.3 to 0.7"),
        ("threshold_map", np.nan, "values outside"),
        ("shrink_map", 2, "shrink_map holds other values than 0 and 1"),
        ("threshold_mask", 255, "threshold_mask holds other values"),
    ],
)
def test_packed_refuses_what_it_cannot_keep(field: str, value: float, fault: str) -> None:
    wrong = draw([BOX])
    getattr(wrong.targets, field)[5, 5] = value
    with pytest.raises(ValueError, match=fault):
        PACKED.encode(wrong)


def test_packed_refuses_maps_of_other_thresholds(drawn: Drawn) -> None:
    with pytest.raises(ValueError, match=r"thresholds from 0.3 to 0.7, must be 0.2 to 0.7"):
        PACKED.decode(PACKED.encode(drawn), SIZE, TargetParams(thresh_min=0.2))


# polygons

coordinates: list[Callable[[], st.SearchStrategy[float]]] = [
    st.floats,
    lambda: st.floats(-50, 700),
    lambda: st.floats(0, 640, width=32),
    lambda: st.integers(0, 640).map(float),
]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_polygons_come_back_to_the_last_bit(data: st.DataObject) -> None:
    point = st.tuples(*[data.draw(st.sampled_from(coordinates))()] * 2)
    drawn = data.draw(st.lists(st.tuples(st.lists(point, max_size=9), st.booleans()), max_size=9))
    polygons = [np.array(points, dtype=np.float64).reshape(-1, 2) for points, _ in drawn]
    ignore = [flag for _, flag in drawn]
    maps = empty_targets(SIZE)
    content = POLYGONS.encode(Drawn(polygons, ignore, SIZE, PARAMS, maps))
    seen, flags = POLYGONS.decode_polygons(content, SIZE)
    assert flags == ignore
    assert [polygon.shape for polygon in seen] == [polygon.shape for polygon in polygons]
    for one, other in zip(seen, polygons, strict=True):
        assert one.dtype == np.float64
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(np.signbit(one), np.signbit(other))


def test_polygons_ignore_the_maps_they_are_given(drawn: Drawn) -> None:
    other = Drawn(drawn.polygons, drawn.ignore, SIZE, PARAMS, empty_targets(SIZE))
    assert POLYGONS.encode(other) == POLYGONS.encode(drawn)


# sizes


def page_of_quads(count: int) -> list[Polygon]:
    """Words in rows, as a transform hands them over: turned a little, float32 coordinates."""
    rng = np.random.default_rng(3)
    quads = []
    for number in range(count):
        half = np.array([rng.uniform(28, 95), rng.uniform(13, 24)]) / 2
        turn = np.deg2rad(rng.uniform(-3, 3))
        axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        corner = np.array([60 + 104 * (number % 6), 16 + 36 * (number // 6)])
        box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ axes
        quads.append(np.float64(np.float32(box + corner + rng.uniform(-4, 4, 2))))
    return quads


@pytest.mark.parametrize(("name", "goal"), [("packed", 5), ("polygons", 150)])
def test_a_page_of_a_hundred_words_takes_a_fraction_of_npz(name: str, goal: int) -> None:
    quads, flags, size = page_of_quads(100), [False] * 100, (640, 640)
    drawn = Drawn(quads, flags, size, PARAMS, build_targets(quads, flags, size))
    assert len(resolve("codecs", name).encode(drawn)) <= len(NPZ.encode(drawn)) / goal
