"""The verb that says what is lost on the way to the network's input."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cli.options import FILE, Model
from feedrate.dataconfig import TargetSettings
from feedrate.progress import Progress
from feedrate.records import write_json


@click.command()
@click.option("--dataset", required=True, help="Name of the dataset in the study.")
@click.option("--targets", type=Model(TargetSettings), default="{}", help="The config's targets.")
@click.argument("accepted", type=FILE)
@click.argument("output", type=FILE)
def measure_losses(dataset: str, targets: TargetSettings, accepted: Path, output: Path) -> None:
    """Hold the ways to resize against a careful one, and say how high texts still are."""
    from feedrate import losses

    progress = Progress(f"measure losses of {dataset}", "images", 0)
    write_json(output, losses.measure_losses(dataset, accepted, [targets.image_size], progress))
