"""feedrate: where does the time of an input pipeline go, and what will changing it gain?

    from feedrate import build_loader

is the loader for a training loop of your own (``docs/loader.md``), and ``for batch in
feedrate.watch(loader)`` tells how long a loop waits for any loader (``docs/own_loader.md``).
``feedrate.open_results()`` gives the tables of a finished study.

The package is a stack of layers (ARCHITECTURE.md); imports point downward only. Importing
``feedrate`` itself loads nothing heavy: the Snakemake process and every trial start from it.
"""

import importlib
from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "build_loader", "open_results", "watch"]

_PUBLIC = {
    "build_loader": "feedrate.feeding.loader",
    "open_results": "feedrate.report.opening",
    "watch": "feedrate.watching",
}
"""Loaded when they are asked for. Strings, as in the registry: an import statement would make the
code of everything that imports ``feedrate`` depend on them (`feedrate.codehash`)."""


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
