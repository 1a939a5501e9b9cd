"""The verb that checks a folder of anybody's: no study, no workflow, one command."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedrate.cli.options import FILE, Json, limits_of, limits_options, plugins_option
from feedrate.dataconfig import TargetSettings, ValidationSettings
from feedrate.progress import Progress
from feedrate.records import write_json
from feedrate.registry import AUTO, Plugins

if TYPE_CHECKING:
    from feedrate.sightings import Sighting
    from feedrate.validation import Limits

SEVERITIES = ("error", "warning", "info")
NO_FORMAT = "images_only"
"""Stands for a format where images have no annotations."""


@click.command()
@click.option(
    "--format",
    "format_name",
    default=AUTO,
    show_default=True,
    help="Format of the annotations; auto finds it out.",
)
@click.option("--images", type=FILE, help="Folder of the images, where it is not to be found out.")
@click.option("--annotations", type=FILE, help="File or folder of the annotations, the same.")
@click.option("--maps", type=FILE, help="Folder of target maps made elsewhere, to be checked too.")
@click.option("--against", type=FILE, help="Another folder, none of whose pictures may be in this.")
@click.option("--checks", type=Json(), default="{}", help='Severities: {"odd_name": "off"}.')
@click.option("--strict", is_flag=True, help="Fail where there is an error, for use in scripts.")
@limits_options
@plugins_option
@click.argument("folder", type=FILE)
@click.option("--output", type=FILE, required=True, help="Folder of the pages and tables.")
def validate(
    format_name: str,
    images: Path | None,
    annotations: Path | None,
    maps: Path | None,
    against: Path | None,
    checks: dict[str, Any],
    strict: bool,
    targets: TargetSettings,
    validation: ValidationSettings,
    plugins: Plugins,
    folder: Path,
    output: Path,
) -> None:
    """Look for everything wrong with the datasets in FOLDER, and show it on a page."""
    from feedrate.sightings import find_dataset, find_datasets

    _require_apart(folder, output)
    limits = limits_of(validation, targets)
    if images or annotations:
        sources = [find_dataset(format_name, folder, images, annotations, plugins)]
    elif format_name == AUTO:
        found = find_datasets(folder, plugins=plugins)
        sources = [*found, *_images_alone(folder, found)]
    else:
        sources = find_datasets(folder, [format_name], plugins)
    if not sources:
        raise ValueError(
            f"{folder}: nothing in it is recognised as {format_name}; give --images and"
            f" --annotations, or leave --format at {AUTO}"
        )
    apart = _facts_of(against, output, limits) if against else {}
    settings = {"overrides": checks, "apart_from": apart, "maps": maps}
    counts = {
        name: _check_one(name, source, output / name, limits, settings, targets, plugins)
        for name, source in _named(sources)
    }
    write_json(output / "summary.json", {"schema": 1, "folder": str(folder), "datasets": counts})
    errors = sum(each["error"] for each in counts.values())
    if strict and errors:
        raise ValueError(f"{folder}: {errors} errors; {output} lists them")


def _check_one(
    name: str,
    source: Sighting,
    place: Path,
    limits: Limits,
    settings: dict[str, Any],
    targets: TargetSettings,
    plugins: Plugins,
) -> dict[str, int]:
    """Read, check and show one dataset; count its samples and what was found by severity."""
    from feedrate.cli.intake import write_page
    from feedrate.gallery import draw_gallery
    from feedrate.intake import read_bare, read_dataset
    from feedrate.validation import stream_findings, validate_dataset

    click.echo(f"feedrate: {name}: {source.describe()}", err=True)
    samples, noted = place / "samples.parquet", place / "reader.csv"
    findings, facts, gallery = place / "findings.csv", place / "facts.parquet", place / "gallery"
    if source.format == NO_FORMAT:
        count = read_bare(source.images, samples, noted)
        settings = {**settings, "overrides": {"no_instances": "off", **settings["overrides"]}}
    else:
        count = read_dataset(source, samples, noted, plugins)
    write_json(place / "source.json", source.to_json())
    progress = Progress(f"validate {name}", "images", count)
    validate_dataset(samples, noted, findings, facts, limits, **settings, progress=progress)
    draw_gallery(gallery, samples, findings)
    page = place / "index.html"
    write_page(name, place / "source.json", facts, findings, gallery, None, None, page, targets)
    found = Counter[str](finding.severity for finding in stream_findings(findings))
    click.echo(f"feedrate: {name}: {count} images, {_told(found)}: {page}")
    return {"samples": count, **{severity: found[severity] for severity in SEVERITIES}}


def _images_alone(folder: Path, found: list[Sighting]) -> Iterator[Sighting]:
    """Yield the folder of the images that belong to no annotations, where there are such."""
    from feedrate.formats.listing import list_images
    from feedrate.sightings import Sighting

    roots = [source.images for source in found]
    parents = {
        path.parent
        for path in list_images(folder).images.values()
        if not any(path.is_relative_to(root) for root in roots)
    }
    if parents or not found:
        place = Path(os.path.commonpath(parents)) if parents else folder
        evidence = "no annotations were recognised: the images alone are looked at"
        yield Sighting(NO_FORMAT, place, place, evidence)


def _named(sources: list[Sighting]) -> list[tuple[str, Sighting]]:
    """Name datasets by their format; several of one format are numbered."""
    counts = Counter(source.format for source in sources)
    numbers = Counter[str]()
    named = []
    for source in sources:
        numbers[source.format] += 1
        suffix = f"_{numbers[source.format]}" if counts[source.format] > 1 else ""
        named.append((source.format + suffix, source))
    return named


def _facts_of(folder: Path, output: Path, limits: Limits) -> dict[str, Path]:
    """Look at the pictures of the dataset that this one must be apart from."""
    from feedrate.intake import read_bare
    from feedrate.validation import validate_dataset

    place = output / "against"
    samples, noted, facts = (
        place / name for name in ("samples.parquet", "reader.csv", "facts.parquet")
    )
    count = read_bare(folder, samples, noted)
    validate_dataset(
        samples,
        noted,
        place / "findings.csv",
        facts,
        replace(limits, header_only=False),
        progress=Progress(f"look at {folder}", "images", count),
    )
    return {str(folder): facts}


def _require_apart(folder: Path, output: Path) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; give the folder of a dataset")
    if output.resolve().is_relative_to(folder.resolve()):
        raise ValueError(
            f"--output {output}: lies in {folder}, and would be looked at the next time; give a"
            " folder outside of it"
        )


def _told(totals: Counter[str]) -> str:
    found = [f"{totals[key]} x {key}" for key in SEVERITIES if totals[key]]
    return ", ".join(found) or "nothing found"
