"""Verbs about public datasets: fetch one, list those we know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import yaml

from feedrate.cli.options import FILE

COLUMNS = ("dataset", "train", "test", "format", "registration", "licence")


@click.command()
@click.option("--name", required=True, help="The dataset's name, for messages.")
@click.option("--url", required=True, help="Address of one file, http or https.")
@click.option("--sha256", required=True, help="SHA-256 of that file.")
@click.option(
    "--archives",
    type=FILE,
    help="Where the file is kept; if not given, kept-archives/ beside DIRECTORY.",
)
@click.option(
    "--max-unpacked-bytes", type=click.IntRange(min=1), help="Larger archives are refused."
)
@click.argument("directory", type=FILE)
def fetch_dataset(
    name: str,
    url: str,
    sha256: str,
    archives: Path | None,
    max_unpacked_bytes: int | None,
    directory: Path,
) -> None:
    """Download a file, check it, and unpack it into DIRECTORY, which appears whole or not at all.

    The file is kept: a second call, or another dataset in it, downloads nothing.
    """
    from feedrate.archives import MAX_UNPACKED_BYTES
    from feedrate.fetching import Source, fetch

    archive = fetch(
        Source(name, url, sha256),
        directory,
        archives=archives,
        max_unpacked_bytes=max_unpacked_bytes or MAX_UNPACKED_BYTES,
    )
    click.echo(f"feedrate: {name}: {directory} holds the content of {archive}", err=True)


@click.command()
@click.option(
    "--table",
    type=FILE,
    default="config/datasets.yaml",
    show_default=True,
    help="The file that names them.",
)
@click.argument("name", required=False)
def datasets(table: Path, name: str | None) -> None:
    """List the public datasets, or tell all that is known of the one called NAME."""
    if not table.is_file():
        raise click.BadParameter(f"{table}: no such file; it is part of feedrate's own folder")
    known: dict[str, dict[str, Any]] = yaml.safe_load(table.read_text(encoding="utf-8"))
    if name is None:
        click.echo(_as_table([COLUMNS, *(_row(key, entry) for key, entry in known.items())]))
    elif name in known:
        click.echo(
            yaml.safe_dump({name: known[name]}, sort_keys=False, allow_unicode=True), nl=False
        )
    else:
        raise click.BadParameter(f"{name!r} is not in {table}; known are {', '.join(known)}")


def _row(key: str, entry: dict[str, Any]) -> tuple[str, ...]:
    images = entry["images"]
    cells = (key, images["train"], images["test"], entry["format"] or "-", entry["registration"])
    return (*map(_in_words, cells), entry["licence"])


def _in_words(value: object) -> str:
    return (
        {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )


def _as_table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
