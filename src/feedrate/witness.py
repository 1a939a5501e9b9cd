"""An independent witness of decoding: which library's code really ran.

A decoder that falls back to another library delivers all images, counts all decodes, and is a
different treatment. So the entry points of the libraries themselves are counted, from outside of
the decoders, in whichever process they run. A library reached by another door is not seen as
itself, but the declared one is then missed, and the gate fails all the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol

ENTRY_POINTS = {
    "pillow": (("PIL.Image", "open"),),
    "opencv": (("cv2", "imdecode"), ("cv2", "imread")),
    "simplejpeg": (("simplejpeg", "decode_jpeg"),),
    "turbojpeg": (("turbojpeg", "TurboJPEG.decode"),),
    "nvimgcodec": (("nvidia.nvimgcodec", "Decoder.decode"),),
    "dali": (),
}
"""A library, and the functions or methods of which every decode calls exactly one, once.

DALI decodes whole batches in threads of its own: its loader tells for itself, and that none of the
others is called is witnessed."""

COUNTERS = tuple(f"decoded_by_{library}" for library in ENTRY_POINTS)


class Counter(Protocol):
    """Who is told; `feedrate.stages.StageClock`."""

    def count(self, counter: str, amount: int = 1) -> None:
        """Add to a counter."""


_told: dict[str, Counter] = {}
"""The counter of this process; one at a time, for a process runs one trial. Where threads load, it
counts for each of them apart."""


@dataclass(frozen=True)
class WitnessedDecode:
    """A decoder, watched. It can be sent to a process that starts from nothing.

    Attributes:
        decode: The decoder.
        counter: Told of every call into a library.
    """

    decode: Callable[..., Any]
    counter: Counter

    def __call__(self, data: bytes, at_least: int | None = None) -> Any:
        """Decode, with the libraries' entry points watched in this very process."""
        if _told.get("counter") is not self.counter:
            watch(self.counter)
        return self.decode(data, at_least)


def watch(counter: Counter) -> None:
    """Count every call of an entry point in this process from now on, for this counter."""
    _told["counter"] = counter
    for library, places in ENTRY_POINTS.items():
        for module_name, name in places:
            owner_name, _, attribute = name.rpartition(".")
            module = sys.modules.get(module_name)
            owner = getattr(module, owner_name, None) if owner_name else module
            function = getattr(owner, attribute, None)
            if function is not None and not hasattr(function, "watched"):
                setattr(owner, attribute, _watched(function, f"decoded_by_{library}"))


def _watched(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(function, assigned=("__doc__",), updated=())
    def call(*arguments: Any, **options: Any) -> Any:
        _told["counter"].count(name)
        return function(*arguments, **options)

    call.watched = True  # type: ignore[attr-defined]
    return call
