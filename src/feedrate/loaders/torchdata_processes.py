"""``torchdata.nodes`` with processes; what is set up how, and after which page: `loaders.nodes`."""

from __future__ import annotations

from feedrate.cell import Cell
from feedrate.loaders.batches import refuse
from feedrate.loaders.nodes import NodesLoader, open_nodes, unavailable
from feedrate.pipeline import Pipeline

__all__ = ["build", "unavailable"]


def build(dataset: Pipeline, cell: Cell) -> NodesLoader:
    """Load with `cell.workers` processes.

    Raises:
        ValueError: A level that this loader does not know: its processes never outlive an epoch.
    """
    refuse(cell, "persistent_workers", "collate")
    return open_nodes(dataset, cell, "process")
