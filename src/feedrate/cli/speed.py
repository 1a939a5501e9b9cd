"""The verbs that time maps, decoders, datasets and limits on this machine, and judge its speed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from feedrate.cell import Cell
from feedrate.cli.options import (
    FILE,
    Model,
    Names,
    plugins_option,
    probe_options,
    study_options,
    target_params,
)
from feedrate.dataconfig import TargetSettings
from feedrate.matrix import Conditions
from feedrate.progress import Progress
from feedrate.records import write_json
from feedrate.registry import Plugins
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
@click.option("--dataset", required=True, help="Its name.")
@click.option(
    "--images", type=click.IntRange(1), default=40, show_default=True, help="How many images."
)
@click.option(
    "--image-size",
    type=click.IntRange(1),
    default=640,
    show_default=True,
    help="Side of the square images, in pixels.",
)
@click.option(
    "--seed", type=int, default=7, show_default=True, help="Seed of everything drawn by lot."
)
@plugins_option
@click.argument("accepted", type=FILE)
@click.argument("output", type=FILE)
def bench_decoders(
    dataset: str,
    images: int,
    image_size: int,
    seed: int,
    plugins: Plugins,
    accepted: Path,
    output: Path,
) -> None:
    """Decode images of a dataset with every decoder, in turn; print the table."""
    from feedrate.speed.decoder_table import decoder_table_text
    from feedrate.speed.decoders import Setting
    from feedrate.speed.decoders import bench_decoders as bench

    progress = Progress(f"bench decoders on {dataset}", "images", 0)
    result = bench(dataset, accepted, Setting(images, image_size, seed, plugins), progress)
    write_json(output, result)
    click.echo(decoder_table_text(result), nl=False)


@click.command()
@click.option(
    "--tuned-on",
    type=int,
    default=200,
    show_default=True,
    help="First images of the real dataset, on which the generator was tuned.",
)
@click.option("--names", type=Names(), default="generated real", help="What to call the two.")
@click.option(
    "--targets",
    type=Model(TargetSettings),
    default="{}",
    help="The config's block targets, as JSON.",
)
@click.option(
    "--transform",
    default="albumentations",
    show_default=True,
    help="Transform that brings images to size.",
)
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


@click.command()
@probe_options
def measure_limits(
    dataset: str,
    base: Cell,
    conditions: Conditions,
    maps: Path | None,
    accepted: Path,
    output: Path,
) -> None:
    """Time what a pipeline cannot do without: decode, resize, maps and one write, each alone."""
    from feedrate.speed.limits import measure_limits as measure

    progress = Progress(f"measure the limits of {dataset}", "steps", 0)
    root = maps or Path("results/maps") / dataset
    stores = Path("results/stores") / dataset
    write_json(output, measure(base, conditions, dataset, accepted, root, progress, stores))


@click.command()
@study_options
@click.option("--limited", type=Names(), default="", help="Experiments whose limit was measured.")
@click.argument("output", type=FILE)
def judge_speed(
    results: Path, datasets: list[str], experiments: list[str], limited: list[str], output: Path
) -> None:
    """Hold feedrate's own loader against the goals for its speed."""
    from feedrate.goals.speed import judge_speed as judge
    from feedrate.report.study import read_measurements

    study = read_measurements(results, datasets, experiments, profiled=False)
    paths = {
        (dataset, experiment): results / "limits" / dataset / f"{experiment}.json"
        for dataset in datasets
        for experiment in limited
    }
    limits = {key: json.loads(path.read_text(encoding="utf-8")) for key, path in paths.items()}
    judged = judge(study.summaries, limits)
    write_json(output, judged)
    for goal in judged["goals"]:
        click.echo(f"{goal['dataset']}: {goal['name']}: {goal['verdict']}. {goal['measured']}")
