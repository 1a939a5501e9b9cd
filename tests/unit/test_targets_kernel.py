"""The kernel agrees with the reference: on drawn polygons of every kind, and on real ones."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from feedrate.targets import TargetParams, Targets, build_targets
from feedrate.targets.kernel import COMPILED_PRESETS, empty_targets, warm
from feedrate.targets.params import MAPS, Outcome, Preset
from feedrate.targets.reference import build_reference
from feedrate.targets.regions import find_regions

HEIGHT, WIDTH = SIZE = (80, 112)
DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared" / "data"))
BOX = np.array([[20.0, 20.0], [90.0, 20.0], [90.0, 60.0], [20.0, 60.0]])
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
    preset=st.sampled_from(get_args(Preset)),
    min_text_side=st.sampled_from([0.0, 8.0]),
)


TOLERANCE = 6e-7
"""Of the threshold map: the published formula loses digits near an outline, the kernel does not."""


def assert_agree(seen: Targets, expected: Targets) -> None:
    for name in ("shrink_map", "shrink_mask", "threshold_mask"):
        np.testing.assert_array_equal(getattr(seen, name), getattr(expected, name), name)
    assert np.isfinite(seen.threshold_map).all()
    np.testing.assert_allclose(seen.threshold_map, expected.threshold_map, rtol=0, atol=TOLERANCE)


def assert_same(seen: Targets, expected: Targets) -> None:
    assert_agree(seen, expected)
    assert seen.outcomes is not None
    assert seen.outcomes.tolist() == expected.outcomes.tolist()  # type: ignore[union-attr]


@thorough
@given(st.lists(st.tuples(polygons, st.booleans()), max_size=3), params)
def test_it_agrees_on_any_polygons(
    drawn: list[tuple[np.ndarray, bool]], chosen: TargetParams
) -> None:
    outlines, ignore = [polygon for polygon, _ in drawn], [flag for _, flag in drawn]
    kept = [polygon.copy() for polygon in outlines]
    seen = build_targets(outlines, ignore, SIZE, chosen)
    assert_same(seen, build_reference(outlines, ignore, SIZE, chosen))
    for polygon, before in zip(outlines, kept, strict=True):
        np.testing.assert_array_equal(polygon, before)


@pytest.mark.parametrize("lean_px", [1.1e-308, 1e-300, 1e-142, 1e-38, 1e-19, 1e-9])
@pytest.mark.parametrize("turned", [False, True])
def test_an_edge_that_is_nearly_upright_or_level_ends_where_it_ends(
    lean_px: float, turned: bool
) -> None:
    outline = np.array([(0.0, 7.0), (10.0, 0.0), (lean_px, 0.0)])
    polygon = outline[:, ::-1].copy() if turned else outline
    chosen = TargetParams(distance="segment", min_text_side=0.0)
    seen = build_targets([polygon], [False], SIZE, chosen)
    assert_same(seen, build_reference([polygon], [False], SIZE, chosen))


def test_a_part_that_dilates_beside_the_frame_draws_nothing() -> None:
    # Its window is empty, its edges pass through the frame's rows: this once took forever.
    far = 2.0**20
    right = [(far, far), (149, 0), (0, 0), (far, -far), (far, 0), (500, 0), (far, -far)]
    left = [(-far, -far), (0, far), (-far, 0), (-far, far)]
    outline = np.array([*right, *left])
    chosen = TargetParams(distance="segment", preset="seed")
    found = find_regions([outline], [False], SIZE, chosen).regions
    assert any(region.window[0] > region.window[2] for region in found)
    seen = build_targets([outline], [False], SIZE, chosen)
    assert_same(seen, build_reference([outline], [False], SIZE, chosen))


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
    for name in MAPS:
        getattr(out, name).fill(77)
    polygon = np.array([[10.0, 10.0], [90.0, 12.0], [88.0, 50.0], [8.0, 47.0]])
    seen = build_targets([polygon], [False], SIZE, out=out)
    assert all(getattr(seen, name) is getattr(out, name) for name in MAPS)
    assert_same(seen, build_reference([polygon], [False], SIZE))
    assert_same(build_targets([], [], SIZE, out=out), build_reference([], [], SIZE))


@pytest.mark.parametrize("width", [1, 9, 15, 16, 17])
def test_frames_may_be_narrower_than_a_step(width: int) -> None:
    size = (40, width)
    polygon = np.array([[0.0, 2.0], [30.0, 4.0], [30.0, 30.0], [0.0, 28.0]])
    params = TargetParams(min_text_side=0)
    assert_same(
        build_targets([polygon], [False], size, params),
        build_reference([polygon], [False], size, params),
    )


@pytest.mark.parametrize("shift", [0.0, 1 / 3, 0.1])
def test_a_pixel_on_thales_circle_is_inside(shift: float) -> None:
    # 1 * 9 = 3 * 3: the pixel at (51, 7) sees the edge from (50, 10) to (60, 10) under a right
    # angle, so its distance is the perpendicular 3, and not the root of 10 to the corner.
    box = np.array([[50.0, 10.0], [60.0, 10.0], [60.0, 70.0], [50.0, 70.0]])
    assert_same(
        build_targets([box + shift], [False], SIZE),
        build_reference([box + shift], [False], SIZE),
    )
    value = build_targets([box], [False], SIZE).threshold_map[7, 51]
    assert value == pytest.approx(0.3 + 0.4 * (1 - 3 / (600 * 0.84 / 140)), abs=1e-6)


def test_outcomes_are_counted_by_reason() -> None:
    text = np.array([[10.0, 10.0], [90.0, 10.0], [90.0, 40.0], [10.0, 40.0]])
    whole_pixels_make_a_line = np.array([[2.0, 2.1], [20.0, 2.9], [2.0, 2.8]])
    outlines = {
        "drawn": text,
        "ignore_tag": text,
        "too_few_points": text[:2],
        "not_finite": np.full((4, 2), np.nan),
        "out_of_frame": text + 500,
        "too_small": text * (0.001, 1),
        "no_area": text[[0, 2, 1, 3]],
        "shrunk_away": whole_pixels_make_a_line,
    }
    ignore = [reason == "ignore_tag" for reason in outlines]
    params = TargetParams(min_text_side=0.1)
    seen = build_targets(list(outlines.values()), ignore, SIZE, params)
    assert seen.outcomes is not None
    assert [Outcome(code).name.lower() for code in seen.outcomes] == list(outlines)
    assert seen.left_out() == dict.fromkeys(sorted(set(outlines) - {"drawn"}), 1)
    assert_same(seen, build_reference(list(outlines.values()), ignore, SIZE, params))


@pytest.mark.parametrize(
    ("polygons", "ignore", "fault"),
    [
        ([np.zeros((4, 3))], [False], r"a polygon has shape \(4, 3\), must be \(N, 2\)"),
        ([np.zeros(8)], [False], r"a polygon has shape \(8,\), must be \(N, 2\)"),
        ([np.zeros((4, 2)), np.zeros((1, 4, 2))], [False] * 2, r"has shape \(1, 4, 2\)"),
        ([np.zeros((4, 2))], [], "1 polygons but 0 ignore flags"),
    ],
)
@pytest.mark.parametrize("preset", ["db", "mmocr"])
def test_arguments_of_another_form_are_refused(
    polygons: list[np.ndarray], ignore: list[bool], fault: str, preset: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        build_targets(polygons, ignore, SIZE, TargetParams(preset=preset))  # type: ignore[arg-type]


def test_whole_numbers_and_float32_will_do() -> None:
    box = [[10, 10], [90, 10], [90, 40], [10, 40]]
    expected = build_reference([np.array(box, float)], [False], SIZE)
    for dtype in (np.int32, np.int64, np.float32):
        assert_same(build_targets([np.array(box, dtype)], [False], SIZE), expected)
    mixed = [np.array(box), np.empty((0, 2)), np.array([])]
    assert build_targets(mixed, [False] * 3, SIZE).left_out() == {"too_few_points": 2}


def test_fresh_maps_share_nothing() -> None:
    first, second = build_targets([], [], SIZE), build_targets([], [], SIZE)
    assert not any(np.shares_memory(getattr(first, name), getattr(second, name)) for name in MAPS)


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


def test_warming_compiles_all_that_is_ever_called() -> None:
    from feedrate.targets import page

    warm()
    compiled = [list(each.signatures) for each in (page.draw_page, page.raise_border)]
    assert [len(signatures) for signatures in compiled] == [1, 1]
    crossed = np.array([[5, 5], [60, 40], [60, 5], [5, 60]])
    for preset in (*COMPILED_PRESETS, "mmocr"):
        params = TargetParams(preset=preset, min_text_side=0)  # type: ignore[arg-type]
        build_targets([crossed, crossed[:2], BOX], [False, True, False], SIZE, params)
    assert [list(each.signatures) for each in (page.draw_page, page.raise_border)] == compiled


def test_threads_share_the_work() -> None:
    from feedrate.targets import page

    assert page.draw_page.targetoptions["nogil"]
    outlines = [BOX + shift for shift in (0.0, 3.5, -7.25)]
    expected = [build_targets([outline], [False], SIZE) for outline in outlines]
    with ThreadPoolExecutor(4) as pool:
        seen = pool.map(lambda k: build_targets([outlines[k % 3]], [False], SIZE), range(60))
        for number, each in enumerate(seen):
            assert_same(each, expected[number % 3])


def test_a_change_in_any_compiled_module_is_noticed(tmp_path: Path) -> None:
    from feedrate.targets import fills, page

    stamp = page._stamp_of(fills)
    changed = tmp_path / "fills.py"
    changed.write_bytes(Path(fills.__file__).read_bytes() + b"#")
    assert page._stamp_of(SimpleNamespace(__file__=str(changed))) != stamp
    # numba's key of a compiled function on disk holds what the function closes over.
    for function in (page.draw_page, page.raise_border):
        held = [cell.cell_contents for cell in function.py_func.__closure__]
        assert [value for value in held if isinstance(value, int)]


def test_the_package_exports_the_kernel() -> None:
    import feedrate.targets
    from feedrate.targets import kernel

    assert feedrate.targets.build_targets is kernel.build_targets
    with pytest.raises(AttributeError, match="no attribute 'build_target'"):
        _ = feedrate.targets.build_target


Page = tuple[str, list[np.ndarray]]


def _receipts() -> Iterator[Page]:
    for path in sorted((DATA / "sroie" / "box").glob("*.csv")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        quads = [np.array(line.split(",")[:8], float).reshape(4, 2) for line in lines if line]
        with Image.open(DATA / "sroie" / "img" / f"{path.stem}.jpg") as image:
            scale = 640 / max(image.size)
        yield path.name, [quad * scale for quad in quads]


def _street_signs() -> Iterator[Page]:
    for path in sorted((DATA / "icdar2015").rglob("gt_*.txt")):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        quads = [np.array(line.split(",")[:8], float).reshape(4, 2) for line in lines if line]
        yield path.name, [quad / 2 for quad in quads]


def _lines(folder: str) -> Iterator[Page]:
    for path in sorted((DATA / folder).rglob("*.xml")):
        outlines = [
            np.array(re.split(r"[ ,]+", element.get("POINTS", "").strip()), float).reshape(-1, 2)
            for element in ET.parse(path).iter()  # noqa: S314
            if element.tag.endswith("}Polygon")
        ]
        if outlines:
            scale = 639 / max(outline.max() for outline in outlines)
            yield path.name, [outline * scale for outline in outlines]


def _books() -> Iterator[Page]:
    return _lines("gallicorpora_16e")


def _typescripts() -> Iterator[Page]:
    return _lines("tapuscorpus")


@pytest.mark.parametrize(
    ("read", "pages", "vertices"),
    [(_receipts, 404, 4), (_street_signs, 119, 4), (_books, 18, 130), (_typescripts, 6, 77)],
)
@pytest.mark.parametrize("preset", ["db", "feedrate"])
def test_it_agrees_on_real_polygons(
    read: Callable[[], Iterator[Page]], pages: int, vertices: int, preset: str
) -> None:
    chosen = TargetParams(preset=preset)  # type: ignore[arg-type]
    seen_pages, most = 0, 0
    for name, outlines in read():
        ignore = [number % 9 == 8 for number in range(len(outlines))]
        seen = build_targets(outlines, ignore, (640, 640), chosen)
        try:
            assert_same(seen, build_reference(outlines, ignore, (640, 640), chosen))
        except AssertionError as fault:
            raise AssertionError(f"{name}: {fault}") from fault
        seen_pages, most = seen_pages + 1, max(most, *map(len, outlines), 0)
    if not seen_pages:
        pytest.skip(f"the real data sets are not in {DATA}")
    assert (seen_pages, most) == (pages, vertices)
