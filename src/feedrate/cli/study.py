"""Verbs about a study as a whole: what it will cost, and its generated documents."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from feedrate.cli.options import FILE
from feedrate.configfile import read_config
from feedrate.files import write_text
from feedrate.plan import Cost
from feedrate.plan import plan as plan_study


@click.command()
@click.option(
    "--configfile", type=FILE, default="config/config.yaml", show_default=True, help="The study."
)
@click.option("--trials", type=FILE, default="results/trials", help="Where earlier records lie.")
def plan(configfile: Path, trials: Path) -> None:
    """Print cells, pairs, seconds a trial and the total, before anything runs."""
    costs = plan_study(read_config(configfile), trials)
    # A pipe has no width: cell names must not be cut where somebody greps for them.
    console = Console() if Console().is_terminal else Console(width=140)
    console.print(_table(costs))
    trials_s, total_s = sum(c.trials_s for c in costs), sum(c.total_s for c in costs)
    most_s = sum(c.most_s for c in costs)
    console.print(
        f"{len(costs)} cells, about {sum(c.pairs for c in costs)} pairs: about "
        f"{total_s / 60:.0f} min, {trials_s / total_s:.0%} of it inside trials that count; at most "
        f"{most_s / 60:.0f} min where intervals stay wide. Making the data and maps, the profile, "
        "the figures of memory and the report come on top."
    )


def _table(costs: list[Cost]) -> Table:
    table = Table("dataset", "experiment", "cell", title="What this study will measure")
    for heading in ("pairs", "reference s", "cell s", "total s"):
        table.add_column(heading, justify="right")
    table.add_column("seconds are")
    for cost in costs:
        table.add_row(
            cost.dataset,
            cost.experiment,
            cost.cell,
            f"{cost.pairs} of {cost.most_pairs}",
            f"{cost.reference_s:.1f}",
            f"{cost.cell_s:.1f}",
            f"{cost.total_s:.0f}",
            "measured" if cost.measured else "estimated",
        )
    return table


@click.command()
@click.option("--root", type=FILE, default=".", help="The repository.")
def document(root: Path) -> None:
    """Write what is generated from the config's model: the JSON schema and the README's tables."""
    from feedrate.document import reference_text, schema_text
    from feedrate.validation import CHECKS

    readme = root / "config/README.md"
    write_text(root / "workflow/schemas/config.schema.json", schema_text())
    write_text(readme, reference_text(readme.read_text(encoding="utf-8"), CHECKS))
