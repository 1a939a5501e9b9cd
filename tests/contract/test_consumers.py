"""Every consumer of the registry takes a batch, leaves it alone and returns nothing."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from feedrate.cell import split_level
from feedrate.collate.batch import Batch
from feedrate.config import CHOICE_ARGUMENTS, NUMBER_ARGUMENTS
from feedrate.consumers import dbnet_train
from feedrate.consumers.precision import CHOICES, Precision
from feedrate.dbnet import DBNet, build_model
from feedrate.registry import REGISTRIES, resolve

SIDE = 64
NETWORKS = CHOICE_ARGUMENTS["consumers"]
FORMATS = [f"{name}:{choice}" for name, choices in NETWORKS.items() for choice in choices]
LEVELS = [
    *(f"{name}:1" if name in NUMBER_ARGUMENTS else name for name in REGISTRIES["consumers"]),
    *FORMATS,
]
TIMED = sorted(NUMBER_ARGUMENTS)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads beyond the free cores wait for each other: tiny images would take seconds."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_batch(maps: bool = True, masks: bool = True, seed: int = 1) -> Batch:
    """Two images with a square of text each, as `feedrate.collate.batch.Collate` would make it."""
    shrink = torch.zeros(2, 1, SIDE, SIDE)
    shrink[:, :, 16:40, 8:48] = 1
    counts = torch.ones(2, SIDE, SIDE, dtype=torch.uint8)
    images = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    return Batch(
        images=images + shrink,
        shrink_maps=shrink if maps else None,
        threshold_maps=0.3 + 0.4 * shrink if maps else None,
        shrink_masks=counts if maps and masks else None,
        threshold_masks=counts if maps and masks else None,
        indices=torch.arange(2),
        rows=torch.zeros(2, 0, dtype=torch.int64),
        worker=0,
        threads=(1, 1),
    )


def build(level: str) -> Any:
    name, argument = split_level(level)
    return resolve("consumers", name)(argument)


@pytest.mark.parametrize("level", LEVELS)
def test_takes_a_batch_and_leaves_it_alone(level: str) -> None:
    consume, batch, untouched = build(level), make_batch(), make_batch()
    assert consume(batch) is None
    for field in ("images", "shrink_maps", "threshold_maps", "shrink_masks", "threshold_masks"):
        assert torch.equal(getattr(batch, field), getattr(untouched, field)), field


@pytest.mark.parametrize("name", REGISTRIES["consumers"])
def test_a_wrong_argument_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}.*fast"):
        resolve("consumers", name)("fast")


@pytest.mark.parametrize("level", [level for level in LEVELS if level not in FORMATS])
def test_only_training_asks_for_maps(level: str) -> None:
    if level.startswith("dbnet_train"):
        with pytest.raises(ValueError, match=r"no target maps.*: reference, kernel, npz"):
            build(level)(make_batch(maps=False))
    else:
        build(level)(make_batch(maps=False))


def test_a_config_allows_exactly_what_a_network_takes() -> None:
    for name, choices in NETWORKS.items():
        assert set(CHOICES) == {None, *choices}
        with pytest.raises(ValueError, match=rf"write {name}, {name}:bf16, "):
            build(f"{name}:fp8")


@pytest.mark.parametrize("argument", [None, "", "-1", "nan", "inf"])
@pytest.mark.parametrize("name", TIMED)
def test_paced_consumers_want_milliseconds(name: str, argument: str | None) -> None:
    with pytest.raises(ValueError, match=f"write '{name}:20'"):
        resolve("consumers", name)(argument)


def test_sleep_sleeps_as_long_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    build("sleep:2.5")(make_batch())
    assert slept == [0.0025]


def test_spin_is_busy_until_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([10.0, 10.001, 10.002, 10.0024, 10.0026, 99.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(looks))
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("a sleep gives the core away"))
    build("spin:2.5")(make_batch())
    assert list(looks) == [99.0]  # it looked until past 10.0025, and no longer


class Spy(DBNet):
    """Remembers what it was called with, and in which precision."""

    def __init__(self, seen: list[dict[str, Any]]) -> None:
        super().__init__()
        self.seen = seen

    def forward(self, images: torch.Tensor) -> Any:
        maps = super().forward(images)
        last = torch.channels_last
        self.seen.append(
            {
                "bf16": maps.probability.dtype == torch.bfloat16,
                "images_last": images.is_contiguous(memory_format=last),
                "weights_last": self.backbone.conv1.weight.is_contiguous(memory_format=last),
                "grad": torch.is_grad_enabled(),
                "training": self.training,
            }
        )
        return maps


@pytest.mark.parametrize("argument", CHOICES)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_computes_as_its_level_says(
    name: str, argument: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    module = importlib.import_module(f"feedrate.consumers.{name}")
    monkeypatch.setattr(module, "build_model", lambda: Spy(seen).eval())
    module.build(argument)(make_batch())
    bf16, last = "bf16" in (argument or ""), "channels_last" in (argument or "")
    trains = name == "dbnet_train"
    assert seen == [
        {
            "bf16": bf16,
            "images_last": last,
            "weights_last": last,
            "grad": trains,
            "training": trains,
        }
    ]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_waits_for_its_device(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[bool] = []
    monkeypatch.setattr(Precision, "finish", lambda self: waited.append(True))
    build(name)(make_batch())
    assert waited == [True]


@pytest.mark.parametrize("argument", [None, "bf16-channels_last"])
def test_training_trains(argument: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    model, losses = build_model(), list[float]()
    original = dbnet_train.db_loss

    def noted(*given: Any) -> torch.Tensor:
        loss = original(*given)
        losses.append(loss.item())
        return loss

    monkeypatch.setattr(dbnet_train, "build_model", lambda: model)
    monkeypatch.setattr(dbnet_train, "db_loss", noted)
    consume = dbnet_train.build(argument)
    for _ in range(3):
        consume(make_batch(masks=argument is None))
    assert losses[-1] < losses[0]
    assert all(parameter.grad is not None for parameter in model.parameters())
