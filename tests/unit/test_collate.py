"""`DBCollate`: the reference's maps, in the usual batch, in any kind of worker."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, get_args

import numba
import numba.core.event as numba_event
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from usual import (
    COMPILED,
    HEIGHT,
    POLYGONS,
    RECORDER,
    SIZE,
    TINY,
    WIDTH,
    WORD,
    Loss,
    Model,
    UsualCollate,
    Watched,
    Words,
    reference_of,
    signatures,
    watch,
)

from feedrate.collate import DBCollate
from feedrate.targets import TargetParams
from feedrate.targets.params import Preset

MAPS = {
    "prob_maps": "shrink_map",
    "thresh_maps": "threshold_map",
    "prob_mask": "shrink_mask",
    "thresh_mask": "threshold_mask",
}
ITEMS = [Words()[index] for index in range(len(POLYGONS))]


def assert_maps(batch: dict[str, Any], place: int, expected: Any) -> None:
    for key, name in MAPS.items():
        seen = batch[key][place, 0].numpy()
        np.testing.assert_allclose(seen, getattr(expected, name), rtol=0, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("preset", get_args(Preset))
def test_each_image_has_the_maps_of_the_reference(preset: Any) -> None:
    params = TargetParams(preset=preset, shrink_ratio=0.5, thresh_min=0.2)
    batch = DBCollate(params)(ITEMS)
    for place, polygons in enumerate(POLYGONS):
        assert_maps(batch, place, reference_of(polygons, params))
    assert batch["prob_maps"][0].sum() > 100


def test_shapes_and_dtypes_are_what_losses_take() -> None:
    batch = DBCollate()(ITEMS)
    assert batch["images"].shape == (4, 3, HEIGHT, WIDTH)
    for key in MAPS:
        assert batch[key].shape == (4, 1, HEIGHT, WIDTH)
        assert batch[key].is_contiguous()
        assert batch[key].dtype == (torch.uint8 if "mask" in key else torch.float32)


def test_batches_do_not_share_memory() -> None:
    collate = DBCollate()
    first = collate(ITEMS)
    kept = {key: first[key].clone() for key in MAPS}
    collate(ITEMS[::-1])
    for key, before in kept.items():
        assert torch.equal(first[key], before)


@pytest.mark.parametrize(
    "form",
    [
        lambda word: word[np.newaxis],
        lambda word: word.astype(np.int32),
        lambda word: word[np.newaxis].astype(np.float32),
        lambda word: word.tolist(),
        torch.from_numpy,
    ],
    ids=["(1, N, 2)", "int32", "(1, N, 2) float32", "list", "tensor"],
)
def test_a_polygon_has_any_usual_form(form: Any) -> None:
    batch = DBCollate()([ITEMS[0] | {"polygons": [form(WORD)]}])
    assert_maps(batch, 0, reference_of([WORD], TargetParams()))


@pytest.mark.parametrize("none", [[], None, np.empty((0, 4, 2)), [np.empty((1, 0, 2))]], ids=repr)
def test_an_image_may_have_no_polygons(none: Any) -> None:
    batch = DBCollate()([ITEMS[0] | {"polygons": none}])
    assert batch["prob_maps"].max() == 0
    assert batch["thresh_maps"].unique().tolist() == pytest.approx([0.3])


def test_ignored_texts_are_masked_out_and_counted() -> None:
    item = ITEMS[0] | {
        "polygons": [WORD, TINY, np.add(WORD, (60, 40))],
        "ignore": np.array([1, 0, 0]),
    }
    batch = DBCollate()([item, ITEMS[1] | {"ignore": []}])
    expected = reference_of(item["polygons"], TargetParams(), [True, False, False])
    assert_maps(batch, 0, expected)
    assert batch["prob_mask"][0].min() == 0
    assert batch["left_out"] == [{"ignore_tag": 1, "too_small": 1}, {}]


def test_everything_else_passes_through() -> None:
    batch = DBCollate()([item | {"weight": place} for place, item in enumerate(ITEMS)])
    assert batch["image_filename"] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert batch["weight"] == [0, 1, 2, 3]
    assert batch["polygons"] == list(POLYGONS)
    assert [matrix[0, 0] for matrix in batch["inverse_matrix"]] == [0, 1, 2, 3]
    assert "image" not in batch


def test_inference_needs_no_polygons_and_makes_no_maps() -> None:
    collate = DBCollate()
    collate.inference_mode = True
    batch = collate([{"image": item["image"], "image_filename": "x"} for item in ITEMS])
    assert list(batch) == ["images", "image_filename"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"polygons": [WORD.T]}, r"item 1 of the batch \(1\.jpg\): .*must be \(N, 2\)"),
        ({"ignore": [True]}, r"item 1 of the batch \(1\.jpg\): 2 polygons but 1 ignore flags"),
        (
            {"polygons": [np.zeros((2, 3, 2))]},
            r"item 1 of the batch \(1\.jpg\): .*must be \(N, 2\)",
        ),
        ({"polygons": [[[0, 0], [9]]]}, r"item 1 of the batch \(1\.jpg\): .*inhomogeneous"),
    ],
)
def test_a_faulty_item_is_named(change: dict[str, Any], message: str) -> None:
    faulty = ITEMS[1] | {"polygons": [WORD, WORD]} | change
    first = ITEMS[0] | {key: [False, False] for key in change if key == "ignore"}
    with pytest.raises(ValueError, match=message):
        DBCollate()([first, faulty])


def test_a_missing_key_is_named() -> None:
    lacking = {key: value for key, value in ITEMS[2].items() if key != "polygons"}
    with pytest.raises(ValueError, match=r"item 1 of the batch \(2\.jpg\) has no 'polygons'"):
        DBCollate()([ITEMS[0], lacking])
    with pytest.raises(ValueError, match=r"item 0 of the batch \(2\.jpg\) has no 'polygons'"):
        DBCollate()([lacking])


def test_an_instance_survives_pickling() -> None:
    collate = DBCollate(TargetParams(shrink_ratio=0.6))
    collate.inference_mode = True
    again = pickle.loads(pickle.dumps(collate))  # noqa: S301  our own bytes
    assert (again.params, again.inference_mode) == (collate.params, True)


@pytest.mark.own_process
@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_no_worker_compiles_or_loads_late(start_method: str) -> None:
    loader = DataLoader(
        Words(),
        batch_size=2,
        num_workers=2,
        collate_fn=Watched(),
        worker_init_fn=watch if start_method == "fork" else None,  # spawned: when unpickled
        multiprocessing_context=start_method,
    )
    batches = list(loader)
    assert [batch["image_filename"] for batch in batches] == [
        ["0.jpg", "1.jpg"],
        ["2.jpg", "3.jpg"],
    ]
    for place, polygons in enumerate(POLYGONS):
        assert_maps(batches[place // 2], place % 2, reference_of(polygons, TargetParams()))
    for batch in batches:
        assert (batch["compiled"], batch["late"]) == ([], [])
        assert batch["shared"] == ["images", *MAPS]  # where torch would copy it to


def test_the_watch_sees_compiling() -> None:
    """What `test_no_worker_compiles_or_loads_late` relies on."""
    DBCollate()
    known = signatures()
    watch()
    try:
        numba.njit(lambda number: number + 1)(1)
        assert len(COMPILED) == 1
    finally:
        numba_event.unregister("numba:compile", RECORDER)
        COMPILED.clear()
    assert any("feedrate.targets" in signature for signature in known)


@pytest.mark.parametrize("preset", get_args(Preset))
def test_it_drops_into_the_usual_loop(preset: Any) -> None:
    usual, ours = UsualCollate(), DBCollate(TargetParams(preset=preset))
    usual.params = ours.params
    (before,) = DataLoader(Words(), batch_size=4, collate_fn=usual)
    (after,) = DataLoader(Words(), batch_size=4, collate_fn=ours)
    assert set(before) < set(after)
    if preset != "seed":  # whose masks count everywhere: the loss stays as it was
        after = {key: after[key] for key in before}
    assert step(before) == pytest.approx(step(after), rel=1e-5)


def step(batch: dict[str, Any]) -> tuple[float, float]:
    """Loss and gradient of the usual training step."""
    model = Model()
    loss = Loss()(model(batch["images"]), **batch)
    loss.backward()
    return loss.item(), model.head.weight.grad.sum().item()


def test_the_loss_finds_the_masks() -> None:
    batch = DBCollate()(ITEMS)
    prediction = Model()(batch["images"])
    masked = Loss()(prediction, **batch)
    as_float = {key: value.float() if "mask" in key else value for key, value in batch.items()}
    assert masked.item() == pytest.approx(Loss()(prediction, **as_float).item())
    unmasked = {key: value for key, value in batch.items() if "mask" not in key}
    assert masked.item() != pytest.approx(Loss()(prediction, **unmasked).item())


@pytest.mark.own_process
def test_the_page_shows_what_works() -> None:
    page = Path(__file__).parents[2] / "docs" / "collate.md"
    blocks = [
        block.partition("```")[0] for block in page.read_text("utf-8").split("```python\n")[1:]
    ]
    model = Model()
    names: dict[str, Any] = {
        "dataset": Words(),
        "model": model,
        "criterion": Loss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=1e-3),
        "YourCollate": UsualCollate,
        "polygons": [WORD],
        "ignore": [False],
    }
    assert len(blocks) >= 4
    for block in blocks:
        exec(block, names)  # noqa: S102  the page's own code
    assert names["batch"]["thresh_maps"].shape[1:] == (1, *SIZE)
    assert isinstance(names["loader"].collate_fn, DBCollate)
