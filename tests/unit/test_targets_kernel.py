"""The kernel agrees with the reference: on drawn polygons of every kind, and on real ones."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from feedrate.targets import TargetParams, Targets, build_targets
from feedrate.targets.kernel import empty_targets, warm
from feedrate.targets.reference import build_reference

HEIGHT, WIDTH = SIZE = (80, 112)
DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared" / "data"))
thorough = settings(max_examples=400, deadline=None, derandomize=True)

inside = st.tuples(st.floats(0, WIDTH - 1), st.floats(0, HEIGHT - 1))
on_grid = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
near = st.tuples(st.floats(-300, 400), st.floats(-300, 400))
anything = st.tuples(st.floats(), st.floats())


def as_polygon(points: Sequence[tuple[float, float]]) -> np.ndarray:
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def crooked(points: st.SearchStrategy[tuple[float, float]]) -> st.SearchStrategy[np.ndarray]:
    """Outlines that mostly cross themselves."""
    return st.lists(points, max_size=12).map(as_polygon)


@st.composite
def round_ones(draw: st.DrawFn) -> np.ndarray:
    """Star-shaped outlines, convex or concave, tiny or larger than the frame; never crossing."""
    count = draw(st.integers(3, 14))
    radii = draw(st.lists(st.floats(0.3, 1), min_size=count, max_size=count))
    angles = (np.arange(count) + 0.5) * 2 * np.pi / count
    outline = np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.array(radii)[:, np.newaxis]
    return outline * draw(st.floats(0.5, 150)) + draw(inside)


@st.composite
def texts(draw: st.DrawFn) -> np.ndarray:
    """Rotated boxes, as texts are."""
    width, height = draw(st.floats(12, 60)), draw(st.floats(12, 30))
    angle = draw(st.floats(-1.6, 1.6))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, height / 2)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return corners @ turn + draw(st.tuples(st.floats(35, 75), st.floats(35, 45)))


@st.composite
def doubled(draw: st.DrawFn) -> np.ndarray:
    """Outlines with repeated points."""
    return np.repeat(draw(crooked(on_grid)), draw(st.integers(2, 3)), axis=0)


polygons = st.one_of(
    texts(), round_ones(), doubled(), *map(crooked, (inside, on_grid, near, anything))
)
params = st.builds(
    TargetParams,
    distance=st.sampled_from(["thales", "segment"]),
    preset=st.sampled_from(["db", "feedrate"]),
    min_text_side=st.sampled_from([0.0, 8.0]),
)


def assert_agree(seen: Targets, expected: Targets) -> None:
    for name in ("shrink_map", "shrink_mask", "threshold_mask"):
        np.testing.assert_array_equal(getattr(seen, name), getattr(expected, name), name)
    assert np.isfinite(seen.threshold_map).all()
    np.testing.assert_allclose(seen.threshold_map, expected.threshold_map, rtol=0, atol=1e-6)


@thorough
@given(st.lists(st.tuples(polygons, st.booleans()), max_size=3), params)
def test_it_agrees_on_any_polygons(
    drawn: list[tuple[np.ndarray, bool]], chosen: TargetParams
) -> None:
    outlines, ignore = [polygon for polygon, _ in drawn], [flag for _, flag in drawn]
    kept = [polygon.copy() for polygon in outlines]
    seen = build_targets(outlines, ignore, SIZE, chosen)
    assert_agree(seen, build_reference(outlines, ignore, SIZE, chosen))
    for polygon, before in zip(outlines, kept, strict=True):
        np.testing.assert_array_equal(polygon, before)


@thorough
@given(st.lists(polygons, min_size=2, max_size=4), st.randoms(use_true_random=False), params)
def test_the_order_of_polygons_does_not_matter(
    drawn: list[np.ndarray], random: object, chosen: TargetParams
) -> None:
    shuffled = list(drawn)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    flags = [False] * len(drawn)
    assert_agree(
        build_targets(shuffled, flags, SIZE, chosen), build_targets(drawn, flags, SIZE, chosen)
    )


@thorough
@given(st.one_of(texts(), round_ones()), params)
def test_the_orientation_does_not_matter(polygon: np.ndarray, chosen: TargetParams) -> None:
    reverse = build_targets([polygon[::-1]], [False], SIZE, chosen)
    assert_agree(reverse, build_targets([polygon], [False], SIZE, chosen))


@thorough
@given(texts(), st.integers(1, 3), params)
def test_the_start_vertex_does_not_matter(
    polygon: np.ndarray, shift: int, chosen: TargetParams
) -> None:
    # Of texts: at corners that are nearly straight or very sharp Clipper's result depends on it.
    rolled = build_targets([np.roll(polygon, shift, axis=0)], [False], SIZE, chosen)
    assert_agree(rolled, build_targets([polygon], [False], SIZE, chosen))


def test_buffers_are_reused_whatever_they_held() -> None:
    out = empty_targets(SIZE)
    for values in vars(out).values():
        values.fill(77)
    polygon = np.array([[10.0, 10.0], [90.0, 12.0], [88.0, 50.0], [8.0, 47.0]])
    seen = build_targets([polygon], [False], SIZE, out=out)
    assert seen is out
    assert_agree(out, build_reference([polygon], [False], SIZE))
    assert_agree(build_targets([], [], SIZE, out=out), build_reference([], [], SIZE))


def test_fresh_maps_share_nothing() -> None:
    first, second = build_targets([], [], SIZE), build_targets([], [], SIZE)
    assert not any(map(np.shares_memory, vars(first).values(), vars(second).values()))


@pytest.mark.parametrize(
    ("name", "buffer", "fault"),
    [
        ("shrink_map", np.zeros(SIZE, np.float32), "float32"),
        ("shrink_mask", None, "None"),
        ("threshold_map", np.zeros((80, 80), np.float32), r"\(80, 80\)"),
        ("threshold_mask", np.zeros((80, 224), np.uint8)[:, ::2], "C-contiguous"),
    ],
)
def test_an_unfit_buffer_is_named(name: str, buffer: object, fault: str) -> None:
    out = Targets(**{**vars(empty_targets(SIZE)), name: buffer})
    with pytest.raises(ValueError, match=rf"out\.{name} is .*{fault}"):
        build_targets([], [], SIZE, out=out)


def test_warming_compiles_the_one_signature_in_use() -> None:
    from feedrate.targets import kernel

    warm()
    signatures = list(kernel._draw_borders.signatures)
    build_targets([np.array([[5, 5], [60, 5], [60, 40], [5, 40]])], [False], SIZE)
    assert list(kernel._draw_borders.signatures) == signatures
    assert len(signatures) == 1


def test_the_package_exports_the_kernel() -> None:
    import feedrate.targets
    from feedrate.targets import kernel

    assert feedrate.targets.build_targets is kernel.build_targets
    with pytest.raises(AttributeError, match="no attribute 'build_target'"):
        _ = feedrate.targets.build_target


def _receipts() -> list[list[np.ndarray]]:
    found = []
    for path in sorted((DATA / "sroie" / "box").glob("*.csv"))[::20]:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        quads = [np.array(line.split(",")[:8], float).reshape(4, 2) for line in lines if line]
        with Image.open(DATA / "sroie" / "img" / f"{path.stem}.jpg") as image:
            scale = 640 / max(image.size)
        found.append([quad * scale for quad in quads])
    return found


def _street_signs() -> list[list[np.ndarray]]:
    path = DATA / "icdar2015" / "train_icdar2015_label.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    labels = [json.loads(line.split("\t")[1]) for line in lines[:20]]
    return [[np.array(word["points"], float) / 2 for word in words] for words in labels]


@pytest.mark.parametrize("preset", ["db", "feedrate"])
@pytest.mark.parametrize("read", [_receipts, _street_signs])
def test_it_agrees_on_real_polygons(read: object, preset: str) -> None:
    images = read()  # type: ignore[operator]
    if not images:
        pytest.skip(f"the real data sets are not in {DATA}")
    chosen = TargetParams(preset=preset)  # type: ignore[arg-type]
    for quads in images:
        ignore = [number % 9 == 8 for number in range(len(quads))]
        seen = build_targets(quads, ignore, (640, 640), chosen)
        assert_agree(seen, build_reference(quads, ignore, (640, 640), chosen))
