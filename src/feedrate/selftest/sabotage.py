"""Treatments switched off behind the instrument's back: the gate must find every one of them.

`run` is the entry of a fork server in place of `feedrate.trial.run`. In the forked child, and only
there, it changes the pipeline underneath the trial; the record claims the whole treatment still.
No witness of the gate is touched: a fault hides in what is measured, not in what measures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from feedrate import trial
from feedrate.cell import Cell
from feedrate.selftest import caches, faults


@dataclass(frozen=True)
class Sabotage:
    """One fault.

    Attributes:
        says: What is switched off.
        break_it: Changes the child; given the trial's request.
        levels: Of the cell, which has the fault.
        shared: Of both sides; the reference runs as it says.
    """

    says: str
    break_it: Callable[[Mapping[str, Any]], None]
    levels: Mapping[str, str | int] = field(default_factory=lambda: {"images": "ram"})
    shared: Mapping[str, str | int] = field(default_factory=dict)


RAM = {"images": "ram"}

SABOTAGES: dict[str, Sabotage] = {
    "cache never read": Sabotage(
        "the images are loaded into memory, then each is read from its file again",
        caches.bypass_cache,
    ),
    "cache never read, and it lies": Sabotage(
        "the same, and the store says that they came from memory", caches.pretend_cache
    ),
    "cache filled on the clock": Sabotage(
        "nothing is preloaded: images get into memory while they are measured", caches.fill_late
    ),
    "decoded cache decodes": Sabotage(
        "the store of decoded images keeps files and decodes them each time",
        caches.decode_again,
        {"images": "decoded_ram"},
    ),
    "fewer batches": Sabotage("the last batch is left out", faults.drop_batch),
    "fewer images": Sabotage("every batch lacks its last image", faults.drop_images),
    "same images again": Sabotage(
        "the first half of the images is delivered twice", faults.loop_half
    ),
    "same images, other names": Sabotage(
        "the same, and the batches claim the names of the others", faults.loop_half_and_lie
    ),
    "worker killed": Sabotage(
        "a worker dies on its second sample", faults.kill_worker, {"workers": 2}
    ),
    "worker without work": Sabotage(
        "one of two workers gets nothing to do", faults.starve_worker, {"workers": 2}
    ),
    "no workers": Sabotage(
        "two workers are asked for and none is started", faults.start_no_workers, {"workers": 2}
    ),
    "decoder falls back": Sabotage(
        "simplejpeg is not there and Pillow takes its place, silently",
        faults.fall_back,
        {"decoder": "simplejpeg"},
    ),
    "threads": Sabotage(
        "OpenCV keeps its own number of threads in the workers",
        faults.keep_threads,
        RAM,
        {"workers": 2},
    ),
    "threads, no workers": Sabotage(
        "OpenCV keeps its own number of threads in the main process", faults.keep_threads
    ),
    "brighter": Sabotage("all pixels are brighter by a hundredth", faults.brighten),
    "brighter later": Sabotage(
        "from the second half of the images on they are", faults.brighten_later
    ),
    "maps of another image": Sabotage(
        "every image gets the stored maps of its neighbour",
        faults.swap_maps,
    ),
    "stale maps": Sabotage(
        "the maps are those of texts that were moved by two pixels since",
        faults.move_texts,
        {"targets": "kernel"},
    ),
    "no maps": Sabotage("the maps are counted and not delivered", faults.drop_maps),
    "cold, never evicted": Sabotage(
        "before the clock runs something reads all files that had been evicted",
        faults.read_all_files,
        {"page_cache": "cold"},
    ),
    "consumer skipped": Sabotage(
        "the paced consumer returns at once", faults.skip_consumer, {"consumer": "sleep:5"}
    ),
    "made beforehand": Sabotage(
        "all batches are made before the clock runs and handed out while it does",
        faults.make_beforehand,
        RAM,
        {"targets": "none"},
    ),
}


def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run a trial, with a fault in it where the request names one for this very cell.

    ``request["plugins"]["sabotage"]`` maps a key of `SABOTAGES` to the levels, written as a cell's
    name, of the side that has the fault.
    """
    for name, levels in request["plugins"].get("sabotage", {}).items():
        cell = Cell.model_validate(request["levels"])
        if Cell.parse(levels, cell) == cell:
            SABOTAGES[name].break_it(request)
    return trial.run(request)
