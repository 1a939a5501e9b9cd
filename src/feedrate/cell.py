"""A cell: one level for every factor, one point of the matrix of pipelines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

REFERENCE = "reference"
"""The name of a cell that does not differ from its experiment's reference (an A/A cell)."""

LEVEL = re.compile(r"[a-z0-9_.:-]+")
NAME = r"[a-z0-9_.:~+-]+"


class Cell(BaseModel):
    """One full assignment of levels. Levels are registry names unless a unit is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: str = Field("disk", description="where encoded or decoded images come from")
    decoder: str = Field("pillow", description="what turns JPEG bytes into pixels")
    transform: str = Field("albumentations", description="what resizes, pads and normalises")
    targets: str = Field("npz", description="where the target maps come from")
    loader: str = Field("torch", description="what runs the samples and makes batches")
    workers: int = Field(2, ge=0, le=256, description="loader processes; 0 loads in the main one")
    batch_size: int = Field(16, ge=1, le=4096, description="images a batch")
    consumer: str = Field(
        "none",
        description="what takes the batches: `none`; `sleep:MS` or `spin:MS` (milliseconds a batch;"
        " a spin costs processor time); `dbnet` or `dbnet_train`, with `:bf16`, `:channels_last` or"
        " `:bf16-channels_last`",
    )
    page_cache: Literal["warm", "cold", "as_found"] = Field(
        "warm",
        description="files in memory before each trial: at least 99 % (`warm`) or at most 1 %"
        " (`cold`) of their pages, counted; `as_found` is read once and not proved",
    )
    start_method: Literal["fork", "forkserver", "spawn"] = Field(
        "fork", description="how loader processes start"
    )
    allocator: Literal["default", "tuned"] = Field(
        "default",
        description="glibc's malloc; `tuned` keeps freed memory instead of faulting it in anew",
    )
    image_size: int = Field(
        0,
        ge=0,
        le=4096,
        description="side of the square input (px); 0 is the study's `targets.image_size`",
    )
    payload: Literal["float32", "uint8"] = Field(
        "float32",
        description="what a batch's images travel as; `uint8` is normalised on the consumer's side",
    )
    prefetch_factor: int = Field(
        2, ge=1, le=64, description="batches that a loader process may hold ready"
    )
    persistent_workers: int = Field(
        0, ge=0, le=1, description="1 keeps loader processes from one epoch to the next"
    )
    epochs: int = Field(1, ge=1, le=64, description="epochs of a trial, one right after the other")
    collate: Literal["worker", "main"] = Field(
        "worker", description="which process puts samples together to a batch"
    )
    threads: int = Field(
        1, ge=1, le=256, description="threads of OpenCV and torch in each loader process"
    )
    pin_memory: int = Field(
        0, ge=0, le=1, description="1 copies batches to pinned memory; needs a GPU"
    )
    ablate: Literal["none", "decode", "transform", "targets", "all"] = Field(
        "none",
        description="a stage that is free, its results kept in memory: what it could gain at most;"
        " `all` leaves only the making of batches",
    )

    def name(self, reference: Cell) -> str:
        """Name this cell by what differs from its reference: ``images~ram+workers~4``."""
        parts = [
            f"{factor}~{level}"
            for factor, level in self.model_dump().items()
            if level != getattr(reference, factor)
        ]
        return "+".join(parts) or REFERENCE

    def with_levels(self, levels: Mapping[str, str | int]) -> Cell:
        """Return this cell with some levels changed.

        Raises:
            pydantic.ValidationError: A factor is unknown or a level is out of its range.
        """
        return Cell.model_validate({**self.model_dump(), **levels})

    @classmethod
    def parse(cls, name: str, reference: Cell) -> Cell:
        """Turn a name back into the cell: the inverse of `name`.

        Raises:
            ValueError: The name is not ``factor~level`` pairs joined by ``+``.
        """
        if name == REFERENCE:
            return reference
        levels: dict[str, str | int] = {}
        for part in name.split("+"):
            factor, separator, level = part.partition("~")
            if not separator or factor not in cls.model_fields or not LEVEL.fullmatch(level):
                raise ValueError(
                    f"cell {name!r}: {part!r} is not factor~level "
                    f"(factors: {', '.join(cls.model_fields)})"
                )
            levels[factor] = int(level) if cls.model_fields[factor].annotation is int else level
        return reference.with_levels(levels)


def split_level(level: str) -> tuple[str, str | None]:
    """Split ``sleep:20`` into the plug-in's name and its argument, None where it has none."""
    name, separator, argument = level.partition(":")
    return name, argument if separator else None
