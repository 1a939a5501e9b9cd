"""A configuration becomes a `Config`, or one clear line a fault, before any job starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from feedrate.cell import LEVEL, Cell, split_level
from feedrate.config import (
    CHOICE_ARGUMENTS,
    FACTOR_KINDS,
    NUMBER_ARGUMENTS,
    Config,
    ConfigError,
    Experiment,
    Judging,
    Measuring,
    Work,
)
from feedrate.dataconfig import (
    Dataset,
    LikenessSettings,
    MapSettings,
    TargetSettings,
    ValidationSettings,
)
from feedrate.registry import AUTO, REGISTRIES, Plugins, UnknownPluginError, names, target_of


def load_config(data: Mapping[str, Any]) -> Config:
    """Turn the content of a configuration file into a `Config`.

    Raises:
        ConfigError: One line a fault: the key, the value, and what is allowed.
    """
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        _refuse(line for detail in error.errors() for line in _fault_lines(dict(detail)))
        raise  # not reached: a validation error has at least one line
    _refuse([*_name_faults(config), *_dataset_faults(config), *_experiment_faults(config)])
    return config


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
    _refuse(
        f"datasets.{name}.{key}: {path!r} does not exist; "
        "give a path that does, relative to where snakemake is started"
        for name, dataset in config.datasets.items()
        for key, path in _own_paths(dataset)
        if not Path(path).exists()
    )


def _own_paths(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """The paths of a dataset that must be there before a study starts."""
    keys = ("maps",) if dataset.url else ("folder", "images", "annotations", "maps")
    for key in keys:
        path = getattr(dataset, key)
        if path is not None:
            yield key, path


def _refuse(faults: Iterable[str]) -> None:
    lines = [f"config: {fault}" for fault in faults]
    if lines:
        raise ConfigError("\n".join(lines))


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
        at, plugins = f"datasets.{name}", config.plugins
        if dataset.generator is not None:
            yield from _level_faults(f"{at}.generator", "generators", dataset.generator, plugins)
        if dataset.format != AUTO:
            for fault in _level_faults(f"{at}.format", "formats", dataset.format, plugins):
                yield fault.replace("allowed: ", f"allowed: {AUTO}, ")
        if dataset.url:
            yield from _fetch_faults(at, dataset)
        for other in dataset.apart_from:
            yield from _apart_faults(f"{at}.apart_from", name, other, config)
    for key in ("generated", "real"):
        named = getattr(config.likeness, key)
        if named is not None and named not in config.datasets:
            yield f"likeness.{key}: {named!r} is no dataset; allowed: {_listed(config.datasets)}"


def _fetch_faults(at: str, dataset: Dataset) -> Iterator[str]:
    if not str(dataset.url).startswith(("https://", "http://")):
        yield f"{at}.url: {dataset.url!r} is not allowed; must begin with https:// or http://"
    for key in ("folder", "images", "annotations"):
        path = Path(getattr(dataset, key) or ".")
        if path.is_absolute() or ".." in path.parts:
            yield f"{at}.{key}: '{path}' must be a path inside what `url` unpacks, without '..'"


def _apart_faults(at: str, name: str, other: str, config: Config) -> Iterator[str]:
    if other not in config.datasets or other == name:
        yield f"{at}: {other!r} is no other dataset; allowed: {_listed(config.datasets, name)}"
    elif _leads_to(other, name, config):
        yield f"{at}: {other!r} must be apart from {name!r} already; say it on one side only"


def _leads_to(start: str, goal: str, config: Config) -> bool:
    """Whether `apart_from` leads from one dataset to another: neither could be checked first."""
    seen, queue = set[str](), [start]
    while queue:
        name = queue.pop()
        if name == goal:
            return True
        if name not in seen and name in config.datasets:
            seen.add(name)
            queue += config.datasets[name].apart_from
    return False


def _listed(names_of: Iterable[str], left_out: str = "") -> str:
    return ", ".join(name for name in names_of if name != left_out) or "none"


def _experiment_faults(config: Config) -> Iterator[str]:
    yield from _cell_faults("base", config.base.model_dump(), config)
    for name, experiment in config.experiments.items():
        at = f"experiments.{name}"
        yield from _cell_faults(f"{at}.reference", experiment.reference, config)
        for factor, levels in experiment.vary.items():
            for level in levels:
                yield from _cell_faults(f"{at}.vary", {factor: level}, config)
        for key in ("cells", "steps"):
            for index, levels_of_cell in enumerate(getattr(experiment, key)):
                yield from _cell_faults(f"{at}.{key}[{index}]", levels_of_cell, config)
        if not (experiment.vary or experiment.cells or experiment.steps):
            yield f"{at}: needs `vary`, `cells` or `steps`, else it has nothing to measure"


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


def _level_faults(at: str, kind: str, level: str, plugins: Plugins) -> Iterator[str]:
    name, _ = split_level(level)
    try:
        target_of(kind, name, plugins)
    except UnknownPluginError:
        yield f"{at}: {level!r} is unknown; allowed: {', '.join(names(kind, plugins))}"
        return
    if not LEVEL.fullmatch(level):
        yield f"{at}: {level!r} may hold only a-z, 0-9 and _ . : -"
    yield from _argument_faults(at, kind, level)


def _argument_faults(at: str, kind: str, level: str) -> Iterator[str]:
    name, argument = split_level(level)
    unit, choices = NUMBER_ARGUMENTS.get(name), CHOICE_ARGUMENTS.get(kind, {}).get(name)
    if unit and not (argument and argument.replace(".", "", 1).isdigit()):
        yield f"{at}: {level!r} needs a number of {unit}, such as '{name}:20'"
    if choices and argument is not None and argument not in choices:
        allowed = ", ".join(f"{name}:{choice}" for choice in choices)
        yield f"{at}: {level!r} is unknown; allowed: {name}, {allowed}"
    if not unit and not choices and argument is not None:
        yield f"{at}: {level!r}: {name!r} takes no argument"


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
        "validation": ValidationSettings,
        "likeness": LikenessSettings,
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
