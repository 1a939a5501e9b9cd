"""Templates of the pages: everything that is filled in is escaped, and nothing may be missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from feedrate.report.sources import with_source

Filters = Mapping[str, Callable[..., Any]]


Embed = Callable[[str, str, str], Markup]
"""Puts a drawing on a page: SVG text, what its ids begin with, and what it says in words."""


def fill(template: str, filters: Filters = MappingProxyType({}), **content: Any) -> Markup:
    """Fill a template of this folder.

    Args:
        template: Its file.
        filters: Functions it may apply to what is filled in, by their names.
        **content: What it asks for.

    Raises:
        jinja2.UndefinedError: The template asks for something that was not given.
    """
    # Templates escape what is filled in; what they say themselves is ours.
    environment = _environment()
    environment.filters |= {"breakable": breakable, **filters}
    return Markup(environment.get_template(template).render(**content))  # noqa: S704


def breakable(text: str) -> Markup:
    """Escape a text in which the name of a cell may be broken before each change."""
    return Markup("<wbr>+").join(text.split("+"))


def read_asset(*names: str) -> Markup:
    """Return the text of style sheets or scripts of this folder, one after the other."""
    loader, environment = _loader(), _environment()
    texts = (loader.get_source(environment, name)[0] for name in names)
    return Markup("\n").join(map(Markup, texts))


def _loader() -> PackageLoader:
    return PackageLoader("feedrate.report", ".")


def _environment() -> Environment:
    environment = Environment(
        loader=_loader(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sourced"] = with_source
    return environment
