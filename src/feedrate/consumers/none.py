"""A consumer that takes no time: the loader alone is measured."""

from __future__ import annotations

from feedrate.consumers import Consumer, HasImages, require_no_argument


def build(argument: str | None = None) -> Consumer:
    """Build a consumer that drops every batch."""
    require_no_argument("none", argument)
    return _drop


def _drop(batch: HasImages) -> None:
    return None
