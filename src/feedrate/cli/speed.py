"""The verbs that time target maps and datasets on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cli.options import FILE, Model, Names, target_params
from feedrate.dataconfig import TargetSettings
from feedrate.progress import Progress
from feedrate.records import write_json
from feedrate.transforms import build_transform


@click.command()
@click.argument("output", type=FILE)
def bench_targets(output: Path) -> None:
    """Time the kernel beside the reference, and the codecs; print the table."""
    from feedrate.speed.bench import bench_targets as bench
    from feedrate.speed.table import table_text

    result = bench(Progress("bench target maps", "cases", 0))
    write_json(output, result)
    click.echo(table_text(result), nl=False)


@click.command()
@click.option("--tuned-on", type=int, default=200, show_default=True)
@click.option("--names", type=Names(), default="generated real", help="What to call the two.")
@click.option("--targets", type=Model(TargetSettings), default="{}")
@click.option("--transform", default="albumentations", show_default=True)
@click.option("--findings", type=Names(), help="Two tables: samples with an error are left out.")
@click.argument("generated", type=FILE)
@click.argument("real", type=FILE)
@click.argument("output", type=FILE)
def compare_datasets(
    tuned_on: int,
    names: list[str],
    targets: TargetSettings,
    transform: str,
    findings: list[str] | None,
    generated: Path,
    real: Path,
    output: Path,
) -> None:
    """Hold a generated dataset beside a real one: two indices in, one JSON out."""
    from feedrate.index import read_index
    from feedrate.speed.likeness import Setting, compare_datasets, too_far
    from feedrate.validation import read_sound

    indices = (generated, real)
    samples = (
        [read_sound(index, Path(table)) for index, table in zip(indices, findings, strict=True)]
        if findings
        else [read_index(index) for index in indices]
    )
    first, second = names
    size = targets.image_size
    setting = Setting(build_transform(transform, size), size, target_params(targets))
    result = compare_datasets(
        samples[0],
        samples[1],
        tuned_on,
        setting,
        (first, second),
        Progress(f"compare {first} with {second}", "images", 0),
    )
    write_json(output, result)
    click.echo("\n".join(too_far(result)) or "No figure is beyond the limit.")
