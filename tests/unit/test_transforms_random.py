"""Random transforms: what they draw, from which numbers, and that points follow the pixels."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import make_index
from torch.utils.data import DataLoader, Dataset

from feedrate import gate
from feedrate.cell import Cell
from feedrate.index import read_index
from feedrate.pipeline import Setting, build_pipeline
from feedrate.registry import STORED_MAPS
from feedrate.targets import TargetParams
from feedrate.transforms import augment, augment_albumentations
from feedrate.transforms.augment import Augmentation
from feedrate.transforms.augment_albumentations import AlbumentationsAugmentation
from feedrate.transforms.crops import LEAST_SHARE, choose_crop, find_cuts
from feedrate.transforms.draws import Draws, seed_of_process

NAMES = ("augment", "augment_albumentations")
CLASSES = {"augment": Augmentation, "augment_albumentations": AlbumentationsAugmentation}
SIZE = 128
QUAD = np.array([[90.0, 60.0], [150.0, 60.0], [150.0, 84.0], [90.0, 84.0]])


def picture() -> np.ndarray:
    image = np.zeros((200, 240, 3), np.uint8)
    image[60:84, 90:150] = 255
    return image


def outcome(transform: Any) -> np.ndarray:
    moved: np.ndarray = transform.fit(picture(), [QUAD]).polygons[0]
    return moved


@pytest.mark.parametrize("name", NAMES)
def test_points_follow_the_pixels_in_every_outcome(name: str) -> None:
    transform, image, whole = CLASSES[name](SIZE), picture(), 0
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    for _ in range(60):
        prepared = transform.fit(image, [QUAD])
        corners = prepared.polygons[0]
        if (corners < 2).any() or (corners > SIZE - 2).any():
            continue  # cut
        whole += 1
        mass = prepared.image[..., 0].astype(float)
        centre = np.array([(columns * mass).sum(), (rows * mass).sum()]) / mass.sum()
        np.testing.assert_allclose(corners.mean(axis=0), centre, atol=0.3)
        x, y = corners.T
        area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
        assert mass.sum() / 255 == pytest.approx(area, rel=0.05)
    assert whole > 15


def test_the_recipe_mirrors_half_and_turns_by_up_to_ten_degrees() -> None:
    transform = Augmentation(SIZE)
    edges = np.array([np.diff(outcome(transform)[:2], axis=0)[0] for _ in range(400)])
    mirrored = edges[:, 0] < 0  # the upper edge runs to the left
    assert 0.4 < mirrored.mean() < 0.6
    degrees = np.degrees(np.arctan(edges[:, 1] / edges[:, 0]))
    assert -10 <= degrees.min() < -9
    assert 9 < degrees.max() <= 10
    lengths = np.linalg.norm(edges, axis=1)
    assert 60 * SIZE / 240 <= lengths.min() < 1.1 * 60 * SIZE / 240  # nearly the whole image
    assert lengths.max() > 1.5 * lengths.min()


def test_each_step_is_the_matrix_it_is_called() -> None:
    frame, points = (200, 240), QUAD
    mirror, turn = augment.mirror(frame), augment.rotation(frame, 7.0)
    np.testing.assert_array_equal(augment.move([points], mirror)[0], points * (-1, 1) + (240, 0))
    np.testing.assert_allclose(mirror @ mirror, np.eye(3))
    centre = np.array([[120.0, 100.0]])
    np.testing.assert_allclose(augment.move([centre], turn)[0], centre)
    np.testing.assert_allclose(turn @ augment.rotation(frame, -7.0), np.eye(3), atol=1e-12)
    right = augment.move([np.array([[130.0, 100.0]])], turn)[0][0]
    assert right[1] > 100  # clockwise on screen: what lay to the right went down
    window = augment.view((20, 40, 120, 90), SIZE)
    corners = augment.move([np.array([[20.0, 40.0], [120.0, 90.0]])], window)[0]
    np.testing.assert_allclose(corners, [[0, 32], [128, 96]], atol=1e-12)


def test_without_turning_and_cropping_a_warp_is_the_plain_resize() -> None:
    image = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    np.testing.assert_array_equal(augment.warp(image, np.eye(3), SIZE), image)
    mirrored = augment.warp(image, augment.mirror((SIZE, SIZE)), SIZE)
    np.testing.assert_array_equal(mirrored, image[:, ::-1])


boxes = st.lists(
    st.tuples(*[st.floats(-20, 320)] * 2, st.floats(0, 90), st.floats(0, 40)), max_size=12
)


@given(boxes, st.integers(1, 300), st.integers(1, 300), st.integers(0, 1000))
@settings(deadline=None, max_examples=200)
def test_a_crop_cuts_no_text(
    found: list[tuple[float, float, float, float]], height: int, width: int, seed: int
) -> None:
    polygons = [np.array([[x, y], [x + w, y], [x + w, y + h]]) for x, y, w, h in found]
    polygons.append(np.full((4, 2), np.nan))
    crop = choose_crop(polygons, (height, width), np.random.default_rng(seed))
    left, top, right, bottom = crop
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    if crop == (0, 0, width, height):
        return
    assert min((right - left) / width, (bottom - top) / height) >= LEAST_SHARE
    lows = np.array([polygon.min(0) for polygon in polygons[:-1]]).clip(0, (width, height))
    highs = np.array([polygon.max(0) for polygon in polygons[:-1]]).clip(0, (width, height))
    touched = (lows < (right, bottom)).all(1) & (highs > (left, top)).all(1)
    assert touched.any()
    assert (lows[touched] >= (left, top)).all()
    assert (highs[touched] <= (right, bottom)).all()


def test_an_image_without_texts_is_not_cropped() -> None:
    assert choose_crop([], (30, 40), np.random.default_rng(0)) == (0, 0, 40, 30)


def test_cuts_lie_between_texts_and_at_the_ends() -> None:
    gaps = find_cuts(np.array([2.0, 5.5]), np.array([4.0, 7.0]), 10)
    assert [gap.tolist() for gap in gaps] == [[0, 1, 2], [4, 5], [7, 8, 9, 10]]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Any:
    def rename(name: str) -> None:
        monkeypatch.setattr(multiprocessing.current_process(), "_name", name)

    return rename


def test_a_seed_follows_from_the_process_and_the_seed_of_all(named: Any) -> None:
    seeds = {}
    for name in ("MainProcess", "ForkProcess-1", "ForkProcess-2", "ForkProcess-12"):
        named(name)
        seeds[name] = (seed_of_process(0), seed_of_process(1))
        assert seed_of_process(0) == seeds[name][0]
    assert len({seed for both in seeds.values() for seed in both}) == 8


@pytest.mark.parametrize("name", NAMES)
def test_a_run_draws_the_same_again_and_another_seed_something_else(name: str) -> None:
    one, again, other = (CLASSES[name](SIZE, seed=seed) for seed in (3, 3, 4))
    drawn = [[outcome(transform) for _ in range(4)] for transform in (one, again, other)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2])
    assert not np.allclose(drawn[0][0], drawn[0][1])


def test_a_generator_goes_on_in_its_process_and_starts_anew_in_another(
    named: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    named("ForkProcess-1")
    draws = Draws(0)
    first, second = draws.generator.random(), draws.generator.random()
    assert first != second
    monkeypatch.setattr("feedrate.transforms.draws.os.getpid", lambda: -1)
    assert draws.generator.random() == first  # of the same name, as in another run
    named("ForkProcess-2")
    monkeypatch.setattr("feedrate.transforms.draws.os.getpid", lambda: -2)
    assert draws.generator.random() not in (first, second)


class Outcomes(Dataset[Any]):
    """Eight times the same image."""

    def __init__(self, transform: Any) -> None:
        self.transform = transform

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> np.ndarray:
        return outcome(self.transform)


@pytest.mark.own_process
@pytest.mark.parametrize("persistent", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_workers_and_epochs_draw_something_else(name: str, persistent: bool) -> None:
    transform = CLASSES[name](SIZE)
    outcome(transform)  # its generator is in use when the workers fork
    loader = DataLoader(
        Outcomes(transform),
        1,
        num_workers=2,
        persistent_workers=persistent,
        multiprocessing_context="fork",
    )
    seen = [batch[0].numpy().round(6).tobytes() for _ in range(2) for batch in loader]
    assert len(set(seen)) == 16


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("tiny"), 3)


@pytest.mark.parametrize("transform", NAMES)
def test_maps_are_drawn_after_it_and_stored_ones_refused(transform: str, index: Path) -> None:
    setting = Setting(index.parent, 64, TargetParams())
    samples = read_index(index)
    for targets in STORED_MAPS:
        cell = Cell.model_validate({"targets": targets, "transform": transform})
        with pytest.raises(ValueError, match=f"{transform!r} is random, .*`targets: kernel`"):
            build_pipeline(cell, samples, [0], setting)
    for targets in ("kernel", "reference"):
        cell = Cell.model_validate({"targets": targets, "transform": transform})
        pipeline = build_pipeline(cell, samples, [0], setting)
        maps = [pipeline[0].targets for _ in range(8)]
        drawn = {each.threshold_map.tobytes() for each in maps if each is not None}
        assert len(drawn) > 4


def apart() -> dict[str, Any]:
    """What `feedrate.equivalence.compare` says of two sides that differ in every field."""
    one = {"max": 1.0, "mean": 0.3, "share": 0.9, "images_apart": 32, "images": 32}
    fields = {name: dict(one) for name in ("images", "shrink_maps", "threshold_maps")}
    return {"verdict": "pixels differ", "fields": fields, "missing": [], "extra": []}


def failed(cell: Cell, reference: Cell) -> list[str]:
    return [
        check.name for check in gate.check_equivalence(cell, reference, apart()) if not check.ok
    ]


@pytest.mark.parametrize("transform", NAMES)
def test_two_sides_that_draw_may_differ_and_no_others(transform: str) -> None:
    drawing = Cell(transform=transform, targets="kernel")
    assert failed(drawing, drawing) == []
    assert failed(drawing.with_levels({"workers": 4}), drawing) == []
    steady = Cell(transform="opencv:area", targets="kernel")
    assert failed(steady, steady) == ["same images", "same shrink_maps", "same threshold_maps"]


@pytest.mark.parametrize("module", [augment, augment_albumentations])
def test_the_module_announces_it(module: Any) -> None:
    assert module.RANDOM is module.build(SIZE).random is True
