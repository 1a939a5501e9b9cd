"""Loaders: ``build(dataset, cell)`` returns an iterable of batches.

Represents: what runs the samples. Layer: 2. Depends on: collate, pipeline.
"""

from __future__ import annotations

PIPED = "piped_bytes"
"""Of a loader's `facts`: bytes of arrays that came through pipes, which count as read too."""


def pinning_unavailable() -> str | None:
    """Say why batches cannot be copied to pinned memory here, or nothing."""
    import torch

    if torch.cuda.device_count():
        return None
    return "pin_memory: 1 copies batches to where a GPU can fetch them, and torch finds no GPU here"
