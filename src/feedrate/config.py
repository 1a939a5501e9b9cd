"""The contract of a study: every key, its meaning, unit, default and what is allowed.

One pydantic model. The JSON schema that Snakemake validates against and the table in
``config/README.md`` are generated from it (``feedrate document``); a test fails when they drift.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from feedrate.cell import Cell
from feedrate.dataconfig import (
    Block,
    Dataset,
    LikenessSettings,
    MapSettings,
    TargetSettings,
    ValidationSettings,
)

FACTOR_KINDS: dict[str, str] = {
    "images": "images",
    "decoder": "decoders",
    "transform": "transforms",
    "targets": "targets",
    "loader": "loaders",
    "consumer": "consumers",
}
"""Which registry holds the levels of a factor; the other factors are whole numbers."""


NUMBER_ARGUMENTS = {"sleep": "milliseconds", "spin": "milliseconds"}
"""Plug-ins that need a number behind a colon, and its unit: ``sleep:20``."""

CHOICE_ARGUMENTS = {
    "consumers": dict.fromkeys(
        ("dbnet", "dbnet_train"), ("bf16", "channels_last", "bf16-channels_last")
    ),
    "transforms": dict.fromkeys(("albumentations", "opencv", "fused"), ("linear", "area", "cubic")),
}
"""Of each kind, plug-ins that may take a word behind a colon, and the words: ``dbnet:bf16``."""


class ConfigError(ValueError):
    """The study's configuration is wrong; the message has one line a fault."""


class Work(Block):
    """The fixed work of one trial: the same images in the same order on both sides of a pair."""

    images: int = Field(
        128,
        ge=2,
        description="distinct images of one epoch, drawn by `seed` from the accepted ones; each is"
        " delivered once",
    )
    steady_rounds: int = Field(
        10,
        ge=2,
        description="length of a looped run for the steady rate: so many times what all workers may"
        " hold ready",
    )
    slow_batches: int = Field(
        2, ge=1, description="batches a trial where a network consumes them (on a CPU it is slow)"
    )


class Measuring(Block):
    """How often, and in which order."""

    pairs: int = Field(
        6, ge=6, le=1000, description="least pairs a cell; six is the least a 95 % interval needs"
    )
    max_pairs: int = Field(10, ge=6, le=1000, description="most pairs a cell")
    target_halfwidth: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="pairs are added until the ratio's interval is narrower than this either way;"
        " 0 always runs `max_pairs`",
    )
    steady_pairs: int = Field(
        1,
        ge=0,
        le=1000,
        description="pairs of looped runs for the steady rate; from six on it has an interval",
    )
    discard: int = Field(2, ge=2, le=20, description="trials thrown away when a fork server starts")
    timeout_s: float = Field(
        300.0, gt=0, description="a trial that takes longer fails its cell (seconds)"
    )

    @model_validator(mode="after")
    def _at_least_the_least(self) -> Measuring:
        if self.max_pairs < self.pairs:
            raise ValueError(f"max_pairs: {self.max_pairs} is less than pairs: {self.pairs}")
        return self


class Judging(Block):
    """What makes a difference a verdict."""

    confidence: float = Field(0.95, gt=0.5, lt=1, description="of every interval")
    margin: float = Field(
        0.05, gt=0, lt=1, description="smaller relative differences are of no practical use"
    )


class ModelSettings(Block):
    """What the performance model may look at."""

    calibration: dict[str, list[str]] = Field(
        {},
        description="experiment: those of its cells that the model is fitted to, at most a quarter"
        " of the study's; it predicts the others without having seen them",
    )


class AdviceSettings(Block):
    """What may be recommended."""

    pixels: Literal["identical", "any"] = Field(
        "identical",
        description="`identical` recommends only what delivers the very same batches; `any` may"
        " change pixels, with accuracy untested",
    )
    memory_gib: float = Field(
        0.0, ge=0, description="what all processes may hold together (GiB, PSS); 0 for no bound"
    )
    gpu_images_per_s: float = Field(
        0.0,
        ge=0,
        description="images a second that one of your GPUs takes; says how many could be fed",
    )


class Experiment(Block):
    """One question: a set of cells against one reference."""

    question: str = Field(description="what the experiment answers, one sentence")
    reference: dict[str, str | int] = Field(
        {}, description="levels in which its reference differs from `base`"
    )
    vary: dict[str, list[str | int]] = Field(
        {}, description="factor: levels, one factor changed at a time"
    )
    cells: list[dict[str, str | int]] = Field(
        [], description="cells that change several factors; `{}` is the reference against itself"
    )
    steps: list[dict[str, str | int]] = Field(
        [],
        description="changes made one after the other, each of other factors: a cell after each,"
        " and the last one without each; drawn as a waterfall",
    )
    primary: list[str] = Field(
        [], description="names of the cells declared primary: judged without Holm"
    )
    looped: bool = Field(
        True, description="whether its cells get looped runs too, for the steady rate"
    )

    @model_validator(mode="after")
    def _steps_apart(self) -> Experiment:
        if self.steps and (self.vary or self.cells):
            raise ValueError(
                "steps: stand alone; put `vary` and `cells` in an experiment of their own"
            )
        changed: set[str] = set()
        for step in self.steps:
            if again := changed & set(step):
                raise ValueError(
                    f"steps: {min(again)} is changed by two of them; then neither could be"
                    " taken away alone"
                )
            changed |= set(step)
        return self


class Config(Block):
    """A study."""

    title: str = Field("Is your detector fed?", description="heading of the report")
    seed: int = Field(7, ge=0, description="seed of the images drawn and of the order inside pairs")
    datasets: dict[str, Dataset] = Field(description="name: where it comes from", min_length=1)
    checks: dict[str, Literal["error", "warning", "info", "off"]] = Field(
        {},
        description="severity of a validation check, where it should differ from the table below",
    )
    validation: ValidationSettings = Field(
        default_factory=ValidationSettings, description="how closely the datasets are looked at"
    )
    likeness: LikenessSettings = Field(
        default_factory=LikenessSettings,
        description="a generated dataset beside a real one, if both are named",
    )
    selftest: bool = Field(
        False,
        description="let the instrument measure itself too, about 20 minutes; else the report shows"
        " what it found out about itself on another machine",
    )
    scale: bool = Field(
        False,
        description="find out how costs grow with images, words and megapixels too, on pages made"
        " for it; half an hour or more",
    )
    targets: TargetSettings = Field(default_factory=TargetSettings, description="the target maps")
    maps: MapSettings = Field(default_factory=MapSettings, description="stored maps")
    work: Work = Field(default_factory=Work, description="the fixed work of a trial")
    measuring: Measuring = Field(default_factory=Measuring, description="pairs, order, limits")
    judging: Judging = Field(default_factory=Judging, description="intervals and verdicts")
    model: ModelSettings = Field(
        default_factory=ModelSettings, description="the model that predicts cells"
    )
    advice: AdviceSettings = Field(
        default_factory=AdviceSettings, description="what may be recommended"
    )
    base: Cell = Field(
        default_factory=lambda: Cell.model_validate({}),
        description="your pipeline as it is: the level of every factor not varied",
    )
    experiments: dict[str, Experiment] = Field(description="name: one question", min_length=1)
    plugins: dict[str, dict[str, str]] = Field(
        {}, description='your own plug-ins: `loaders: {mine: "package.module:attribute"}`'
    )
