"""The contract of a study: every key, its meaning, unit, default and what is allowed.

One pydantic model. The JSON schema that Snakemake validates against and the table in
``config/README.md`` are generated from it (``feedrate document``); a test fails when they drift.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from feedrate.cell import LEVEL, Cell, split_level
from feedrate.registry import REGISTRIES, UnknownPluginError, names, target_of

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
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Dataset(_Block):
    """Where a dataset comes from: a generator, or files in a format."""

    generator: str | None = Field(None, description="a generator's name; needs no files")
    count: int = Field(404, ge=1, le=100_000, description="images to generate")
    seed: int = Field(7, ge=0, description="seed of the generator")
    format: str | None = Field(
        None, description="a format's name; needs `images` and `annotations`"
    )
    images: str | None = Field(None, description="folder of the images (path)")
    annotations: str | None = Field(None, description="file or folder of the annotations (path)")
    on_error: Literal["stop", "exclude"] = Field(
        "stop",
        description="what an error of the validation does: stop the study, or leave the image out",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Dataset:
        if (self.generator is None) == (self.format is None):
            raise ValueError("give either `generator` or `format`, not both and not neither")
        if self.format is not None and not (self.images and self.annotations):
            raise ValueError(
                "`format` needs `images` (a folder) and `annotations` (a file or folder)"
            )
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
    preset: Literal["feedrate", "db"] = Field(
        "feedrate", description="`feedrate` keeps all parts of a split shrink, `db` the first"
    )


class MapSettings(_Block):
    """Stored maps."""

    shards: int = Field(
        4, ge=1, le=10_000, description="jobs that share the generation of a dataset's maps"
    )


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

    @model_validator(mode="after")
    def _names_are_known(self) -> Config:
        faults = [*_name_faults(self), *_dataset_faults(self), *_experiment_faults(self)]
        if faults:
            raise ValueError("\n".join(faults))
        return self


def _name_faults(config: Config) -> Iterator[str]:
    for kind in config.plugins:
        if kind not in REGISTRIES:
            yield f"plugins.{kind}: no such kind of plug-in; allowed: {', '.join(REGISTRIES)}"
    for block, entries in (("datasets", config.datasets), ("experiments", config.experiments)):
        for name in entries:
            if not name.replace("_", "").isalnum() or name != name.lower():
                yield f"{block}.{name}: a name is made of lower-case letters, digits and _"


def _dataset_faults(config: Config) -> Iterator[str]:
    for name, dataset in config.datasets.items():
        for kind, value in (("generators", dataset.generator), ("formats", dataset.format)):
            if value is not None:
                yield from _level_faults(
                    f"datasets.{name}.{kind[:-1]}", kind, value, config.plugins
                )


def _experiment_faults(config: Config) -> Iterator[str]:
    yield from _cell_faults("base", config.base.model_dump(), config)
    for name, experiment in config.experiments.items():
        at = f"experiments.{name}"
        yield from _cell_faults(f"{at}.reference", experiment.reference, config)
        for factor, levels in experiment.vary.items():
            for level in levels:
                yield from _cell_faults(f"{at}.vary", {factor: level}, config)
        for index, levels_of_cell in enumerate(experiment.cells):
            yield from _cell_faults(f"{at}.cells[{index}]", levels_of_cell, config)
        if not experiment.vary and not experiment.cells:
            yield f"{at}: needs `vary` or `cells`, else it has nothing to measure"


def _cell_faults(at: str, levels: Mapping[str, str | int], config: Config) -> Iterator[str]:
    for factor, level in levels.items():
        if factor not in Cell.model_fields:
            yield f"{at}.{factor}: no such factor; allowed: {', '.join(Cell.model_fields)}"
        elif factor in FACTOR_KINDS and isinstance(level, str):
            yield from _level_faults(f"{at}.{factor}", FACTOR_KINDS[factor], level, config.plugins)
        else:
            yield from _number_faults(f"{at}.{factor}", factor, level)


def _number_faults(at: str, factor: str, level: str | int) -> Iterator[str]:
    try:
        Cell.model_validate({factor: level})
    except ValidationError as error:
        yield f"{at}: {level!r} is not allowed; {_lower_first(error.errors()[0]['msg'])}"


def _level_faults(
    at: str, kind: str, level: str, plugins: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    name, argument = split_level(level)
    try:
        target_of(kind, name, plugins)
    except UnknownPluginError:
        yield f"{at}: {level!r} is unknown; allowed: {', '.join(names(kind, plugins))}"
        return
    if not LEVEL.fullmatch(level):
        yield f"{at}: {level!r} may hold only a-z, 0-9 and _ . : -"
    unit = NUMBER_ARGUMENTS.get(name)
    if unit and not (argument and argument.replace(".", "", 1).isdigit()):
        yield f"{at}: {level!r} needs a number of {unit}, such as '{name}:20'"
    if not unit and argument is not None:
        yield f"{at}: {level!r}: {name!r} takes no argument"


def load_config(data: Mapping[str, Any]) -> Config:
    """Turn the content of a configuration file into a `Config`.

    Raises:
        ConfigError: One line a fault: the key, the value, and what is allowed.
    """
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        lines = [line for detail in error.errors() for line in _fault_lines(dict(detail))]
        raise ConfigError("\n".join(f"config: {line}" for line in lines)) from None


def read_config(path: Path) -> Config:
    """Read a YAML configuration file.

    Raises:
        ConfigError: It is absent, no YAML, or breaks the contract.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"config: {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"config: {path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"config: {path}: must hold keys and values, such as `datasets:`")
    return load_config(data)


def require_paths(config: Config) -> None:
    """Check that the files of every dataset are there, before any job starts.

    Raises:
        ConfigError: One line a path that does not exist.
    """
    lines = [
        f"config: datasets.{name}.{key}: {path!r} does not exist; "
        "give a path that does, relative to where snakemake is started"
        for name, dataset in config.datasets.items()
        for key, path in (("images", dataset.images), ("annotations", dataset.annotations))
        if path is not None and not Path(path).exists()
    ]
    if lines:
        raise ConfigError("\n".join(lines))


def _fault_lines(detail: dict[str, Any]) -> list[str]:
    at = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "value_error":
        prefix = f"{at}: " if at else ""
        return [prefix + line for line in str(detail["ctx"]["error"]).split("\n")]
    if detail["type"] == "extra_forbidden":
        return [f"{at}: unknown key; allowed: {', '.join(_keys_at(detail['loc'][:-1]))}"]
    if detail["type"] == "missing":
        return [f"{at}: missing"]
    return [f"{at}: {detail['input']!r} is not allowed; {_lower_first(detail['msg'])}"]


def _keys_at(path: tuple[Any, ...]) -> list[str]:
    """The keys allowed at a place of the config, found by walking the models."""
    blocks: dict[str, type[BaseModel]] = {
        "datasets": Dataset,
        "targets": TargetSettings,
        "maps": MapSettings,
        "work": Work,
        "measuring": Measuring,
        "judging": Judging,
        "base": Cell,
        "experiments": Experiment,
    }
    return list((blocks[path[0]] if path else Config).model_fields)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
