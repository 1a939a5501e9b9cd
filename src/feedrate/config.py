"""The contract of a study: every key, its meaning, unit, default and what is allowed.

One pydantic model. The JSON schema that Snakemake validates against and the table in
``config/README.md`` are generated from it (``feedrate document``); a test fails when they drift.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from feedrate.cell import Cell
from feedrate.registry import AUTO

FACTOR_KINDS: dict[str, str] = {
    "images": "images",
    "decoder": "decoders",
    "transform": "transforms",
    "targets": "targets",
    "loader": "loaders",
    "consumer": "consumers",
}
"""Which registry holds the levels of a factor; the other factors are whole numbers."""


NUMBER_ARGUMENTS = {"sleep": "milliseconds"}
"""Plug-ins that need a number behind a colon, and its unit: ``sleep:20``."""


class ConfigError(ValueError):
    """The study's configuration is wrong; the message has one line a fault."""


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dataset(_Block):
    """Where a dataset comes from: a generator, files, or an archive that is fetched."""

    generator: str | None = Field(None, description="a generator's name; needs no files")
    count: int = Field(404, ge=1, le=100_000, description="images to generate")
    seed: int = Field(7, ge=0, description="seed of the generator")
    format: str = Field(
        AUTO, description="a format's name, or `auto`: what the files look like is then said"
    )
    folder: str | None = Field(
        None, description="where images and annotations lie together (path); they are looked for"
    )
    images: str | None = Field(None, description="folder of the images (path)")
    annotations: str | None = Field(None, description="file or folder of the annotations (path)")
    url: str | None = Field(
        None,
        description="archive to download and unpack first; the paths are then relative to what is"
        " in it",
    )
    sha256: str | None = Field(
        None, pattern="^[0-9a-fA-F]{64}$", description="checksum of the archive, 64 hex digits"
    )
    maps: str | None = Field(
        None, description="folder of target maps made elsewhere, `.npz`, to be checked (path)"
    )
    apart_from: list[str] = Field(
        [], description="other datasets of which it may hold no picture: training against test"
    )
    on_error: Literal["stop", "exclude"] = Field(
        "stop",
        description="what an error of the validation does: stop the study, or leave the image out",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Dataset:
        files = bool(self.folder or self.images or self.annotations or self.url)
        if self.generator and self.format != AUTO:
            raise ValueError("give either `generator` or `format`: what is generated has its own")
        if files == bool(self.generator):
            raise ValueError(
                "give either `generator`, or files: `folder`, or `images` and `annotations`, or"
                " `url`; not both and not neither"
            )
        if not (self.folder or self.url or self.generator) and not (
            self.images and self.annotations
        ):
            raise ValueError("give `images` and `annotations`, or `folder` to have both found")
        if bool(self.url) != bool(self.sha256):
            raise ValueError("`url` and `sha256` belong together: what is fetched is checked")
        return self


class TargetSettings(_Block):
    """The DBNet target maps (DB, Liao et al. 2020, section 3)."""

    image_size: int = Field(
        640, ge=32, le=4096, multiple_of=32, description="side of the square input (px)"
    )
    shrink_ratio: float = Field(0.4, gt=0, lt=1, description="r of the offset D = A (1 - r^2) / L")
    thresh_min: float = Field(0.3, ge=0, lt=1, description="threshold map far from text")
    thresh_max: float = Field(0.7, gt=0, le=1, description="threshold map on a text's outline")
    min_text_side: float = Field(8.0, ge=0, description="smaller texts are ignored (px)")
    distance: Literal["thales", "segment"] = Field(
        "thales", description="distance to an edge: the published rule, or the true distance"
    )
    preset: Literal["feedrate", "db", "paddle", "mmocr", "doctr", "seed"] = Field(
        "feedrate", description="whose choices the maps follow (`docs/targets.md`)"
    )


class ValidationSettings(_Block):
    """How closely a dataset is looked at."""

    images: Literal["decode", "header"] = Field(
        "decode",
        description="`decode` looks at every pixel with every decoder; `header` at sizes and kinds"
        " only, for very large datasets",
    )
    max_megapixels: float = Field(
        178.95697,
        gt=0,
        le=178.95697,
        description="larger images are refused unread; no decoder here takes more than the default",
    )


class LikenessSettings(_Block):
    """Whether a generated dataset is as hard to load as a real one."""

    generated: str | None = Field(None, description="name of the generated dataset")
    real: str | None = Field(None, description="name of the real one, measured beside it")
    tuned_on: int = Field(
        200, ge=1, description="first images of the real one, on which the generator was tuned"
    )


class MapSettings(_Block):
    """Stored maps."""

    shards: int = Field(
        4, ge=1, le=10_000, description="jobs that share the generation of a dataset's maps"
    )
    verify: Literal["all"] | Annotated[int, Field(ge=1)] = Field(
        "all",
        description="maps made anew and compared: `all`, or how many, drawn by a hash of the keys",
    )

    @field_validator("verify", mode="before")
    @classmethod
    def _all_or_a_count(cls, value: object) -> object:
        if value != "all" and not (str(value).isdecimal() and int(str(value))):
            raise ValueError(f"{value!r} is not allowed; must be `all` or a whole number from 1")
        return value


class Work(_Block):
    """The fixed work of one trial: the same images in the same order on both sides of a pair."""

    images: int = Field(
        128, ge=1, description="distinct images, drawn by `seed` from the accepted ones"
    )
    batches: int = Field(
        16, ge=2, description="batches a trial; the images are looped to fill them"
    )
    slow_batches: int = Field(2, ge=1, description="batches a trial where the consumer is `dbnet`")


class Measuring(_Block):
    """How often, and in which order."""

    pairs: int = Field(
        8, ge=6, le=1000, description="pairs a cell; six is the least a 95 % interval needs"
    )
    discard: int = Field(
        3, ge=2, le=20, description="short trials thrown away when a fork server starts"
    )
    timeout_s: float = Field(
        300.0, gt=0, description="a trial that takes longer fails its cell (seconds)"
    )


class Judging(_Block):
    """What makes a difference a verdict."""

    confidence: float = Field(0.95, gt=0.5, lt=1, description="of every interval")
    margin: float = Field(
        0.05, gt=0, lt=1, description="smaller relative differences are of no practical use"
    )


class Experiment(_Block):
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
    primary: list[str] = Field(
        [], description="names of the cells declared primary: judged without Holm"
    )


class Config(_Block):
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
    targets: TargetSettings = Field(default_factory=TargetSettings, description="the target maps")
    maps: MapSettings = Field(default_factory=MapSettings, description="stored maps")
    work: Work = Field(default_factory=Work, description="the fixed work of a trial")
    measuring: Measuring = Field(default_factory=Measuring, description="pairs, order, limits")
    judging: Judging = Field(default_factory=Judging, description="intervals and verdicts")
    base: Cell = Field(
        default_factory=lambda: Cell.model_validate({}),
        description="your pipeline as it is: the level of every factor not varied",
    )
    experiments: dict[str, Experiment] = Field(description="name: one question", min_length=1)
    plugins: dict[str, dict[str, str]] = Field(
        {}, description='your own plug-ins: `loaders: {mine: "package.module:attribute"}`'
    )
