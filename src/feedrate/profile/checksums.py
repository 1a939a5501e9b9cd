"""Reading a result to its last byte, so that nothing lazy leaves the stage that should pay for it.

A mapped file or a fresh page of zeros costs only when it is read. A checksum reads every byte, as
machine words, at the speed of memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from feedrate.collate.batch import Batch
from feedrate.sample import Fetched, Prepared
from feedrate.targets.params import MAPS, Targets

WORD = np.dtype(np.uint64)


def checksum(result: Any) -> int:
    """Read every byte of a stage's result.

    Returns:
        The exclusive or of its machine words; equal results give equal ones.

    Raises:
        TypeError: It is of a kind whose bytes are not known.
    """
    seen = 0
    for array in pieces(result):
        seen ^= _checksum(array)
    return seen


def pieces(result: Any) -> Iterator[npt.NDArray[Any]]:
    """Take a result apart into the arrays that hold its bytes; nothing is copied.

    Raises:
        TypeError: It is of a kind whose bytes are not known.
    """
    match result:
        case bytes():
            yield np.frombuffer(result, np.uint8)
        case np.ndarray():
            yield result
        case torch.Tensor():
            yield result.numpy()
        case _:
            for inside in _inside(result):
                yield from pieces(inside)


def _inside(result: Any) -> Iterable[Any]:
    match result:
        case None:
            return ()
        case Fetched():
            return (result.payload,)
        case Prepared():
            return (result.image,)
        case Targets():
            return (getattr(result, name) for name in MAPS)
        case Batch():
            return (field for field in result if isinstance(field, torch.Tensor))
        case Mapping():
            return result.values()
    raise TypeError(
        f"a stage returned a {type(result).__name__}; bytes, arrays, tensors and maps can be read "
        "to their last byte"
    )


def _checksum(array: npt.NDArray[Any]) -> int:
    flat = array.ravel(order="K").view(np.uint8)  # copies only where the array has gaps
    whole = flat.size // WORD.itemsize * WORD.itemsize
    words = int(np.bitwise_xor.reduce(flat[:whole].view(WORD))) if whole else 0
    return words ^ int.from_bytes(flat[whole:].tobytes(), "little")
