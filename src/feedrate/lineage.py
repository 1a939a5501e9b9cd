"""Which rule made a file, and from what: read from the records that Snakemake keeps of its jobs."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

from feedrate.records import hash_of


class Origin(NamedTuple):
    """How an artefact was made.

    Attributes:
        rule: Name of the rule.
        inputs: Paths as the rule had them.
        recipe: Hash of the command and of the parameters, the hash of the code among them.
    """

    rule: str
    inputs: list[str]
    recipe: str


def origins(folder: Path) -> dict[str, Origin]:
    """Read how each output was made, by the path that its rule declared.

    Args:
        folder: Snakemake's own folder, ``.snakemake``.

    Returns:
        Nothing of what was made without a record (``--drop-metadata``).
    """
    records = folder / "metadata"
    files = (path for path in sorted(records.rglob("*")) if path.is_file())
    return {_output_of(path.relative_to(records)): _origin(_read(path)) for path in files}


def _output_of(record: Path) -> str:
    """Decode a record's name: base64, in folders that begin with "@" where it is long."""
    encoded = "".join(part.removeprefix("@") for part in record.parts)
    return base64.urlsafe_b64decode(encoded).decode()


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _origin(record: dict[str, Any]) -> Origin:
    recipe = hash_of([record["shellcmd"], record["params"]])
    return Origin(record["rule"], sorted(record["input"]), recipe)
