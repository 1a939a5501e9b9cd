"""DBNet's target maps: shrink map, threshold map, and the masks of both.

    from feedrate.targets import TargetParams, build_targets

makes them from polygons with the numba kernel, in any training loop, without the workflow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feedrate.targets.params import TargetParams, Targets

if TYPE_CHECKING:
    from feedrate.targets.kernel import build_targets

__all__ = ["TargetParams", "Targets", "build_targets"]


def __getattr__(name: str) -> Any:
    # Lazily: a trial that reads stored maps must not pay for importing numba.
    if name == "build_targets":
        from feedrate.targets.kernel import build_targets

        return build_targets
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
