"""Verbs that draw pictures a person can judge."""

from __future__ import annotations

from pathlib import Path

import click

from feedrate.cli.options import FILE, target_options, target_params
from feedrate.dataconfig import TargetSettings
from feedrate.files import write_text
from feedrate.registry import Plugins, resolve
from feedrate.transforms import build_transform


@click.command()
@target_options
@click.argument("accepted", type=FILE)
@click.argument("output", type=FILE)
def preview_targets(
    targets: TargetSettings, transform: str, plugins: Plugins, accepted: Path, output: Path
) -> None:
    """Draw one image of a dataset with its polygons and its target maps."""
    from feedrate.index import Index
    from feedrate.preview import choose_sample, draw_preview

    sample = choose_sample(Index(accepted))
    image = resolve("decoders", "pillow")(sample.image_path.read_bytes())
    fit = build_transform(transform, targets.image_size, plugins)
    draw_preview(output, sample, image, fit, target_params(targets))


@click.command()
@target_options
@click.argument("scene", type=FILE)
@click.argument("curved", type=FILE)
def preview_signs(
    targets: TargetSettings, transform: str, plugins: Plugins, scene: Path, curved: Path
) -> None:
    """Draw the same for quads in perspective and for bent words, which a dataset may not have."""
    from feedrate.preview import draw_preview, sign_sample

    fit = build_transform(transform, targets.image_size, plugins)
    for number, output in enumerate((scene, curved)):
        sample, image = sign_sample(number)
        draw_preview(output, sample, image, fit, target_params(targets))


@click.command()
@click.argument("directory", type=FILE)
def preview_presets(directory: Path) -> None:
    """Draw where the maps of every preset differ from those of `feedrate`, and list why."""
    from feedrate import exhibits

    exhibits.draw_exhibits(directory / "exhibits.png")
    exhibits.draw_distances(directory / "distance.png")
    for preset in exhibits.PRESETS:
        exhibits.draw_differences(directory / f"{preset}.png", preset)
    write_text(directory / "choices.csv", exhibits.choices_table())
    write_text(directory / "outcomes.csv", exhibits.outcomes_table())
