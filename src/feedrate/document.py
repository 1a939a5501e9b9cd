"""What is generated from the config model: its JSON schema and the tables of its README."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from feedrate.config import CHOICE_ARGUMENTS, FACTOR_KINDS, NUMBER_ARGUMENTS, Config
from feedrate.registry import names

Schema = dict[str, Any]

BOUNDS = {
    "minimum": ">=",
    "exclusiveMinimum": ">",
    "maximum": "<=",
    "exclusiveMaximum": "<",
    "multipleOf": "a multiple of",
}
TYPES = {
    "boolean": "`true` or `false`",
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "array": "list",
    "object": "keys and values",
}


class Check(Protocol):
    """What the tables need to know of a validation check."""

    @property
    def severity(self) -> str: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102


def schema_text() -> str:
    """Render the JSON schema that Snakemake and editors check a configuration with."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Generated from feedrate.config by `feedrate document`; do not edit.",
        **Config.model_json_schema(),
    }
    cell = schema["$defs"]["Cell"]["properties"]
    for factor, kind in FACTOR_KINDS.items():
        # Examples, not an enum: a plug-in's alias is a level too.
        cell[factor]["examples"] = [
            spelled for name in names(kind) for spelled in _spellings(kind, name)
        ]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _spellings(kind: str, name: str) -> list[str]:
    """How a level of this plug-in may be written: alone, or with what follows its colon."""
    if name in NUMBER_ARGUMENTS:
        return [f"{name}:20"]
    choices = CHOICE_ARGUMENTS.get(kind, {}).get(name, ())
    return [name, *(f"{name}:{choice}" for choice in choices)]


def reference_text(readme: str, checks: Mapping[str, Check]) -> str:
    """Return ``config/README.md`` with its generated tables brought up to date.

    Args:
        readme: The file's text; each table stands between two markers.
        checks: The validation's checks, by name.

    Raises:
        ValueError: A marker is missing.
    """
    schema = json.loads(schema_text())
    keys = [
        (f"`{key}`", meaning, allowed, default)
        for key, meaning, allowed, default in _rows(schema, schema["$defs"], "")
    ]
    found = [(f"`{name}`", check.severity, check.description) for name, check in checks.items()]
    with_keys = _between(readme, "keys", _table(("key", "meaning", "allowed", "default"), keys))
    return _between(with_keys, "checks", _table(("check", "severity", "what it finds"), found))


def _rows(schema: Schema, defs: Schema, at: str) -> Iterator[tuple[str, str, str, str]]:
    """Walk a schema, depth first: one row a key."""
    required = schema.get("required", [])
    for key, declared in schema["properties"].items():
        node = {**_resolved(declared, defs), **declared}
        entry = node.get("additionalProperties")
        inner = _resolved(entry, defs) if isinstance(entry, dict) else {}
        default = "**required**" if key in required else _default(node)
        yield f"{at}{key}", node["description"], _allowed(node), default
        if "properties" in node:
            yield from _rows(node, defs, f"{at}{key}.")
        elif "properties" in inner:
            yield from _rows(inner, defs, f"{at}{key}.<name>.")


def _resolved(node: Schema, defs: Schema) -> Schema:
    return defs[node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def _allowed(node: Schema) -> str:
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "examples" in node:
        return ", ".join(f"`{value}`" for value in node["examples"]) + ", a plug-in's alias"
    if "anyOf" in node:
        return " or ".join(_allowed(option) for option in node["anyOf"] if option["type"] != "null")
    bounds = [f"{sign} {node[bound]:g}" for bound, sign in BOUNDS.items() if bound in node]
    return ", ".join([TYPES[node["type"]], *bounds])


def _default(node: Schema) -> str:
    if "default" not in node:
        return "its keys' defaults"
    value = node["default"]
    return "none" if value is None else f"`{json.dumps(value)}`"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _between(text: str, block: str, content: str) -> str:
    begin, end = f"<!-- generated: {block} -->", f"<!-- end: {block} -->"
    before, opened, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise ValueError(f"config/README.md: the markers {begin} and {end} must both stand in it")
    return f"{before}{begin}\n{content}\n{end}{after}"
