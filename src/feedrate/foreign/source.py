"""Where somebody's loader comes from, and how it is opened with other settings."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader, IterableDataset

from feedrate.foreign import OTHER, TORCH


class LoaderError(ValueError):
    """The loader cannot be found, or cannot be opened; the message says why, and what would do."""


def find_builder(name: str) -> Callable[[], Any]:
    """Import ``package.module:function``, modules of the current folder included.

    Raises:
        LoaderError: There is no such module, or nothing callable of that name in it.
    """
    module, separator, attribute = name.partition(":")
    if not separator or not module or not attribute:
        raise LoaderError(f"--loader {name!r}: must be module:function, as my_package.data:build")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise LoaderError(
            f"--loader {name!r}: {error}; run it where `python -c 'import {module}'` works"
        ) from error
    builder = getattr(found, attribute, None)
    if not callable(builder):
        there = ", ".join(each for each in vars(found) if callable(getattr(found, each)))
        raise LoaderError(f"--loader {name!r}: no function {attribute!r} there; there are: {there}")
    return builder  # type: ignore[no-any-return]


def open_loader(name: str, settings: Mapping[str, Any]) -> Iterable[Any]:
    """Call the function, and open what it returns with other settings, if any are given.

    Raises:
        LoaderError: It returns nothing to iterate over, or settings are asked of what is no
            DataLoader of torch.
    """
    loader = find_builder(name)()
    if not isinstance(loader, Iterable):
        raise LoaderError(
            f"--loader {name!r}: returns a {type(loader).__name__}; it must return an iterable of "
            "batches"
        )
    if not settings:
        return loader
    if not isinstance(loader, DataLoader):
        raise LoaderError(f"--loader {name!r}: {type(loader).__name__} has no settings to change")
    return reopen(loader, settings)


def kind_of(loader: Iterable[Any]) -> str:
    """Say what a loader is: `TORCH`, of which settings can be changed, or `OTHER`."""
    return TORCH if isinstance(loader, DataLoader) else OTHER


def reopen(loader: DataLoader[Any], settings: Mapping[str, Any]) -> DataLoader[Any]:
    """Open a DataLoader anew, all as it was but for some settings.

    Args:
        loader: As its owner made it.
        settings: Of ``num_workers``, ``prefetch_factor`` and ``collate_fn``.
    """
    workers = settings.get("num_workers", loader.num_workers)
    shared: dict[str, Any] = {
        "num_workers": workers,
        "collate_fn": settings.get("collate_fn", loader.collate_fn),
        "pin_memory": loader.pin_memory,
        "timeout": loader.timeout if workers else 0,
        "worker_init_fn": loader.worker_init_fn,
        "generator": loader.generator,
    }
    if workers:
        shared |= {
            "prefetch_factor": settings.get("prefetch_factor", loader.prefetch_factor or 2),
            "multiprocessing_context": loader.multiprocessing_context,
            "persistent_workers": loader.persistent_workers,
        }
    return DataLoader(loader.dataset, **shared, **_order_of(loader))


def _order_of(loader: DataLoader[Any]) -> dict[str, Any]:
    """Which samples make which batch, in the words of a DataLoader."""
    if isinstance(loader.dataset, IterableDataset):
        return {"batch_size": loader.batch_size, "drop_last": loader.drop_last}
    if loader.batch_size is None:
        if loader.batch_sampler is None:
            return {"batch_size": None, "sampler": loader.sampler}
        return {"batch_sampler": loader.batch_sampler}
    return {
        "batch_size": loader.batch_size,
        "sampler": loader.sampler,
        "drop_last": loader.drop_last,
    }
