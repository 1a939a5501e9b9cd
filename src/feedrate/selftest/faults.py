"""What each fault of `feedrate.selftest.sabotage` changes in a forked child.

The child runs one trial and ends, so nothing here is ever undone.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch.utils.data import dataloader as torch_loader
from torch.utils.data import get_worker_info

from feedrate.cell import Cell
from feedrate.consumers import sleep
from feedrate.decoders import pillow, simplejpeg
from feedrate.index import stream_index
from feedrate.loaders import dataloader
from feedrate.pipeline import Loaded, Pipeline
from feedrate.selftest.caches import Request, put
from feedrate.targets.sources import kernel, stored

DOWN = np.array([0.0, 2.0])
"""How far texts are moved (px)."""

Change = Callable[[Pipeline, int, Loaded], Loaded]
"""Takes the pipeline, a place, and what was loaded there."""


def drop_batch(request: Request) -> None:
    """Leave the last batch out."""
    _change_loader(
        lambda dataset, cell: (replace(dataset, order=dataset.order[: -cell.batch_size]), cell)
    )


def drop_images(request: Request) -> None:
    """Leave out the last image of every batch."""

    def shorten(dataset: Pipeline, cell: Cell) -> tuple[Pipeline, Cell]:
        size = cell.batch_size
        order = [at for number, at in enumerate(dataset.order) if number % size < size - 1]
        return replace(dataset, order=order), cell.with_levels({"batch_size": size - 1})

    _change_loader(shorten)


def loop_half(request: Request) -> None:
    """Deliver half of the images twice as often, and say so."""
    _change_loader(
        lambda dataset, cell: (
            replace(dataset, order=[at % (len(dataset) // 2) for at in dataset.order]),
            cell,
        )
    )


def loop_half_and_lie(request: Request) -> None:
    """Deliver half of the images twice as often, under the names of all."""
    load = Pipeline.__getitem__
    _change_sample(
        lambda pipeline, index, loaded: replace(
            load(pipeline, index % (len(pipeline) // 2)), index=index
        ),
        load_first=False,
    )


def kill_worker(request: Request) -> None:
    """Kill a worker on its second sample."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # an error that is wanted needs no traceback
    done = itertools.count()

    def die(pipeline: Pipeline, index: int, loaded: Loaded) -> Loaded:
        worker = get_worker_info()
        if worker is not None and worker.id == 1 and next(done):
            os.kill(os.getpid(), signal.SIGKILL)
        return loaded

    _change_sample(die)


def starve_worker(request: Request) -> None:
    """Send all work to the first worker."""
    loader = torch_loader._MultiProcessingDataLoaderIter
    hand_out = loader._try_put_index

    def put_first(self: Any) -> None:
        self._worker_queue_idx_cycle = itertools.repeat(0)
        hand_out(self)

    put(loader, _try_put_index=put_first)


def start_no_workers(request: Request) -> None:
    """Load in the main process."""
    _change_loader(lambda dataset, cell: (dataset, cell.with_levels({"workers": 0})))


def fall_back(request: Request) -> None:
    """Let Pillow decode where simplejpeg is named."""
    put(simplejpeg, decode=pillow.decode)


def keep_threads(request: Request) -> None:
    """Let OpenCV have two threads, whatever is set; the workers inherit them."""
    set_threads = cv2.setNumThreads
    put(cv2, setNumThreads=lambda count: set_threads(2))


def brighten(request: Request) -> None:
    """Make every image a little brighter."""
    _change_sample(lambda pipeline, index, loaded: _brighter(loaded))


def brighten_later(request: Request) -> None:
    """Make the second half of the images a little brighter."""
    _change_sample(
        lambda pipeline, index, loaded: _brighter(loaded) if index >= len(pipeline) // 2 else loaded
    )


def swap_maps(request: Request) -> None:
    """Give every image the stored maps of its neighbour."""
    fetch = stored.FileSource.fetch

    def fetch_other(self: stored.FileSource, key: str, polygons: Any, ignore: Any) -> Any:
        keys = sorted(self.stored.files)
        return fetch(self, keys[keys.index(key) - 1], polygons, ignore)

    put(stored.FileSource, fetch=fetch_other)


def move_texts(request: Request) -> None:
    """Draw the maps of texts that lie two pixels further down."""
    fetch = kernel.KernelSource.fetch

    def fetch_moved(self: kernel.KernelSource, key: str, polygons: Any, ignore: Any) -> Any:
        return fetch(self, key, [polygon + DOWN for polygon in polygons], ignore)

    put(kernel.KernelSource, fetch=fetch_moved)


def drop_maps(request: Request) -> None:
    """Count the maps and do not deliver them."""
    _change_sample(lambda pipeline, index, loaded: replace(loaded, targets=None))


def read_all_files(request: Request) -> None:
    """Read every file of the dataset back into memory."""
    for sample in stream_index(Path(request["index"])):
        sample.image_path.read_bytes()


def skip_consumer(request: Request) -> None:
    """Let the paced consumer return at once."""
    put(sleep, build=lambda argument: lambda batch: None)


def make_beforehand(request: Request) -> None:
    """Make all batches while the loader is built."""
    build = dataloader.build
    put(dataloader, build=lambda dataset, cell: list(build(dataset, cell)))


def _change_loader(change: Callable[[Pipeline, Cell], tuple[Pipeline, Cell]]) -> None:
    build = dataloader.build

    def build_changed(dataset: Pipeline, cell: Cell) -> Iterable[Any]:
        return build(*change(dataset, cell))

    put(dataloader, build=build_changed)


def _change_sample(change: Change, load_first: bool = True) -> None:
    load = Pipeline.__getitem__

    def load_changed(self: Pipeline, index: int) -> Loaded:
        return change(self, index, load(self, index) if load_first else None)  # type: ignore[arg-type]

    put(Pipeline, __getitem__=load_changed)


def _brighter(loaded: Loaded) -> Loaded:
    return replace(loaded, image=loaded.image + np.float32(0.01))
