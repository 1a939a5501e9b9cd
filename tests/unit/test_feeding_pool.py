"""Lent memory is nobody else's as long as anything can see it, and is used again afterwards."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrate.feeding.pool import Pool

SHAPE = (3, 4, 5)

ALIASES: dict[str, Callable[[torch.Tensor], Any]] = {
    "the tensor": lambda tensor: tensor,
    "a slice": lambda tensor: tensor[1:2, ::2],
    "one value": lambda tensor: tensor[0, 0, 0],
    "another shape": lambda tensor: tensor.view(-1),
    "its axes in another order": lambda tensor: tensor.permute(2, 0, 1),
    "without its history": lambda tensor: tensor.detach(),
    "its bytes": lambda tensor: tensor.view(torch.uint8),
    "its array": lambda tensor: tensor.numpy(),
    "a part of a part of its array": lambda tensor: tensor.numpy()[1:][0, ::2],
    "its array in another shape": lambda tensor: tensor.numpy().reshape(-1)[2:],
    "a buffer": lambda tensor: memoryview(tensor.numpy()),
    "a tensor of its array": lambda tensor: torch.from_numpy(tensor.numpy()[1]),
    "dlpack": np.from_dlpack,
    "its storage": lambda tensor: tensor.untyped_storage(),
    "what autograd has saved": lambda tensor: (tensor * torch.ones(5, requires_grad=True)).sum(),
}


def pool_of(keep: int = 4) -> Pool:
    return Pool(SHAPE, np.float32, keep)


def lend(pool: Pool, value: float, count: int = SHAPE[0]) -> torch.Tensor:
    """Borrow, write, and keep the tensor alone."""
    loan = pool.lend(count)
    loan.array[...] = value
    return loan.tensor()


@pytest.mark.parametrize("alias", ALIASES)
def test_memory_does_not_come_back_while_an_alias_is_alive(alias: str) -> None:
    pool = pool_of()
    tensor = lend(pool, 1)
    held = ALIASES[alias](tensor)
    del tensor
    gc.collect()
    assert pool.idle == 0
    del held
    gc.collect()
    assert pool.idle == 1


def test_what_came_back_is_used_again() -> None:
    pool = pool_of()
    first = lend(pool, 1)
    place = first.data_ptr()
    second = lend(pool, 2)
    assert second.data_ptr() != place
    del first
    third = lend(pool, 3)
    assert third.data_ptr() == place
    assert (second == 2).all()


def test_a_copy_does_not_hold_memory() -> None:
    pool = pool_of()
    copy = lend(pool, 5).clone()
    assert pool.idle == 1
    assert (copy == 5).all()


def test_a_loan_without_a_tensor_is_held_by_whoever_writes() -> None:
    pool = pool_of()
    loan = pool.lend(2)
    part = loan.array[1]
    assert pool.idle == 0
    del loan
    assert pool.idle == 1  # a part of a part alone does not hold it: only a loan or a tensor does
    assert part.shape == SHAPE[1:]


def test_only_so_much_is_kept() -> None:
    pool = pool_of(keep=2)
    held = [lend(pool, number) for number in range(5)]
    held.clear()
    assert pool.idle == 2


def test_filling_gets_what_is_kept() -> None:
    pool = pool_of(keep=3)
    pool.fill()
    assert pool.idle == 3
    held = [lend(pool, number) for number in range(3)]
    assert pool.idle == 0
    assert len({tensor.data_ptr() for tensor in held}) == 3


def test_a_short_batch_has_its_own_length_and_the_same_memory() -> None:
    pool = pool_of()
    place = lend(pool, 1).data_ptr()
    short = lend(pool, 2, count=2)
    assert short.shape == (2, *SHAPE[1:])
    assert short.data_ptr() == place
    assert short.untyped_storage().nbytes() == short.numel() * 4


def test_notes_stay_with_the_memory() -> None:
    pool = pool_of()
    loan = pool.lend(3)
    assert loan.notes == [None, None, None]
    loan.notes[1] = "seen"
    other = pool.lend(3)
    assert other.notes == [None, None, None]
    del loan
    assert pool.lend(3).notes == [None, "seen", None]


def test_a_pool_may_go_before_its_loans() -> None:
    pool = pool_of()
    held = lend(pool, 7)
    del pool
    gc.collect()
    assert (held == 7).all()


def test_threads_never_get_the_same_memory() -> None:
    pool = pool_of(keep=3)
    seen: list[bool] = []

    def work(number: int) -> None:
        for turn in range(300):
            value = number * 1000 + turn
            tensor = lend(pool, value)
            seen.append(bool((tensor == value).all()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 1200
    assert all(seen)
    assert pool.idle <= 4  # `keep`, and one that came back at the very same moment


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["lend", "alias", "drop"]),
        st.integers(0, 30),
        st.sampled_from(sorted(set(ALIASES) - {"what autograd has saved", "its storage"})),
    ),
    max_size=60,
)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(STEPS)
def test_nothing_that_is_held_ever_changes(steps: list[tuple[str, int, str]]) -> None:
    """Any order of borrowing, holding parts of batches, and letting go."""
    pool = pool_of(keep=2)
    held: list[tuple[int, torch.Tensor | None, Any]] = []
    for number, (step, which, alias) in enumerate(steps, 1):
        if step == "lend":
            held.append((number, lend(pool, number), None))
        elif held:
            place = which % len(held)
            value, tensor, _ = held.pop(place)
            if step == "alias" and tensor is not None:
                held.append((value, None, ALIASES[alias](tensor)))
            del tensor
        for value, tensor, part in held:
            assert_value(tensor if tensor is not None else part, value)
        assert pool.idle <= 2


def assert_value(seen: Any, value: int) -> None:
    array = np.asarray(seen)
    floats = np.frombuffer(array.tobytes(), np.float32)
    assert (floats == value).all()
