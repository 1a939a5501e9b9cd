"""Samples become a batch: `Collate` inside a trial, `DBCollate` in a training loop of your own.

    from feedrate.collate import DBCollate

needs nothing else of the workflow; ``docs/collate.md`` puts it into an existing loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feedrate.collate.batch import Batch, Collate

if TYPE_CHECKING:
    from feedrate.collate.dbcollate import DBCollate

__all__ = ["Batch", "Collate", "DBCollate"]


def __getattr__(name: str) -> Any:
    # Lazily: a trial that reads stored maps must not pay for importing numba.
    if name == "DBCollate":
        from feedrate.collate.dbcollate import DBCollate

        return DBCollate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
