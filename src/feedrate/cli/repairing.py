"""The verb about mending a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from feedrate.cli.options import FILE, plugins_option
from feedrate.registry import AUTO, Plugins, resolve


class Commas(click.ParamType[frozenset[str]]):
    """Names separated by commas."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Split at commas; spaces beside them do not count."""
        if not isinstance(value, str):
            return value
        return frozenset(name.strip() for name in value.split(",") if name.strip())


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
@click.option("--output", type=FILE, required=True, help="A new folder for what is written.")
@click.option(
    "--actions",
    type=Commas(),
    default="turn,reorder,mend,clip,drop",
    show_default=True,
    help="What may be done; what others would do is listed and left alone.",
)
@click.option(
    "--exif-frame",
    type=click.Choice(["auto", "stored", "turned"]),
    default="auto",
    show_default=True,
    help="Where outlines lie in pictures that viewers turn; auto: as their coordinates prove.",
)
@plugins_option
@click.argument("folder", type=FILE, required=False)
def repair(
    format_name: str,
    images: Path | None,
    annotations: Path | None,
    folder: Path | None,
    output: Path,
    actions: frozenset[str],
    exif_frame: Any,
    plugins: Plugins,
) -> None:
    """Mend the annotations of the dataset in FOLDER, in a copy; list every change."""
    from feedrate.repair import Options, repair_annotations
    from feedrate.repair.output import require_new, tell
    from feedrate.sightings import find_dataset

    options = Options(actions, exif_frame)
    source = find_dataset(format_name, folder, images, annotations, plugins)
    if folder:  # else the output would be found in it the next time
        require_new(output, folder)
    click.echo(f"feedrate: {source.describe()}", err=True)
    read = resolve("formats", source.format, plugins)
    click.echo(
        tell(repair_annotations(read, source.images, source.annotations, output, options), output)
    )
