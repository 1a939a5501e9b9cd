"""Every consumer of the registry takes a batch, leaves it alone and returns nothing."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
import torch

from feedrate.config import NUMBER_ARGUMENTS
from feedrate.registry import REGISTRIES, resolve


@pytest.mark.parametrize("name", REGISTRIES["consumers"])
def test_takes_a_batch_and_leaves_it_alone(name: str) -> None:
    consume = resolve("consumers", name)("1" if name in NUMBER_ARGUMENTS else None)
    images = torch.rand(2, 3, 64, 64)
    before = images.clone()
    for _ in range(2):
        assert consume(SimpleNamespace(images=images)) is None
    assert torch.equal(images, before)


@pytest.mark.parametrize("name", REGISTRIES["consumers"])
def test_a_wrong_argument_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}.*fast"):
        resolve("consumers", name)("fast")


@pytest.mark.parametrize("argument", [None, "", "-1", "nan", "inf"])
def test_sleep_wants_milliseconds(argument: str | None) -> None:
    with pytest.raises(ValueError, match="write 'sleep:20'"):
        resolve("consumers", "sleep")(argument)


def test_sleep_sleeps_as_long_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    consume = resolve("consumers", "sleep")("2.5")
    consume(SimpleNamespace(images=None))
    assert slept == [0.0025]
