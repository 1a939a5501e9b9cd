"""Flags that several verbs share, and the types they are parsed into."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import BaseModel

from feedrate.cell import Cell
from feedrate.dataconfig import TargetSettings, ValidationSettings
from feedrate.matrix import Conditions

if TYPE_CHECKING:
    from feedrate.targets import TargetParams
    from feedrate.validation import Limits

FILE = click.Path(path_type=Path)


class Model(click.ParamType[Any]):
    """JSON on the command line that becomes one of our models."""

    name = "json"

    def __init__(self, model: type[BaseModel]) -> None:
        self.model = model

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse and check the JSON; a rule made it, so a fault here is ours."""
        return self.model.model_validate_json(value) if isinstance(value, str) else value


class Json(click.ParamType[Any]):
    """JSON on the command line, as plain data."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse the JSON."""
        return json.loads(value) if isinstance(value, str) else value


plugins_option = click.option("--plugins", type=Json(), default="{}", help="The config's plugins.")


class Names(click.ParamType[list[str]]):
    """Names separated by spaces."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Split at white space."""
        return value.split() if isinstance(value, str) else value


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that say which part of the results belongs to the study."""
    for option in (
        click.option(
            "--experiments",
            type=Names(),
            required=True,
            help="Names of the experiments, separated by spaces.",
        ),
        click.option(
            "--datasets",
            type=Names(),
            required=True,
            help="Names of the datasets, separated by spaces.",
        ),
        click.option(
            "--results",
            type=FILE,
            default="results",
            show_default=True,
            help="Folder of the results.",
        ),
    ):
        command = option(command)
    return command


def probe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags of what is measured beside the cells: whose base pipeline, on which data."""
    for option in (
        click.argument("output", type=FILE),
        click.argument("accepted", type=FILE),
        click.option(
            "--maps", type=FILE, help="Folder of the stored maps; default: results/maps/DATASET."
        ),
        click.option(
            "--conditions",
            type=Model(Conditions),
            required=True,
            help="Work, limits and plug-ins of the study, as JSON.",
        ),
        click.option(
            "--base", type=Model(Cell), required=True, help="The base pipeline's cell, as JSON."
        ),
        click.option("--dataset", required=True, help="Name of the dataset in the study."),
    ):
        command = option(command)
    return command


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that say how maps are made."""
    for option in (
        plugins_option,
        click.option("--transform", required=True, help="Transform that brings images to size."),
        click.option(
            "--targets",
            type=Model(TargetSettings),
            required=True,
            help="The config's block targets, as JSON.",
        ),
    ):
        command = option(command)
    return command


def target_params(targets: TargetSettings) -> TargetParams:
    """Turn the config's block into the parameters of the maps."""
    from feedrate.targets import TargetParams

    return TargetParams(**targets.model_dump(exclude={"image_size"}))


def limits_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that say how closely a dataset is looked at."""
    for option in (
        click.option(
            "--targets",
            type=Model(TargetSettings),
            default="{}",
            help="The config's block targets, as JSON.",
        ),
        click.option(
            "--validation",
            type=Model(ValidationSettings),
            default="{}",
            help="The config's block validation, as JSON.",
        ),
    ):
        command = option(command)
    return command


def limits_of(validation: ValidationSettings, targets: TargetSettings) -> Limits:
    """Turn the config's blocks into the limits of the validation."""
    from feedrate.validation import Limits

    return Limits(
        max_megapixels=validation.max_megapixels,
        header_only=validation.images == "header",
        image_size=targets.image_size,
        params=target_params(targets),
    )
