"""Flags that several verbs share, and the types they are parsed into."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import BaseModel

FILE = click.Path(path_type=Path)

M = TypeVar("M", bound=BaseModel)


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
