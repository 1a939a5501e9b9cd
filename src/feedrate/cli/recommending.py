"""The verbs of a recommendation: chosen, measured anew, written."""

from __future__ import annotations

import json
from pathlib import Path

import click

from feedrate.cell import Cell
from feedrate.cli.options import FILE, Json, Model, probe_options, study_options
from feedrate.config import AdviceSettings, Judging
from feedrate.files import write_text
from feedrate.matrix import Conditions, MeasuredCell
from feedrate.progress import Progress
from feedrate.records import write_json, write_record

CONFIRMATION = "confirmation"
NOTHING_MEASURED = 0
"""The schema of a confirmation without a candidate."""

FRESH = 1_000_003
"""Added to a study's seed: the order inside pairs is drawn anew."""


@click.command()
@study_options
@click.option("--calibration", type=Json(), default="{}")
@click.option("--samples", type=FILE)
@click.option("--base", type=Model(Cell), required=True)
@click.option("--advice", type=Model(AdviceSettings), default="{}")
@click.argument("output", type=FILE)
def recommend(
    results: Path,
    datasets: list[str],
    experiments: list[str],
    calibration: dict[str, list[str]],
    samples: Path | None,
    base: Cell,
    advice: AdviceSettings,
    output: Path,
) -> None:
    """Choose the settings that are expected to be fastest, among those that are allowed."""
    from dataclasses import asdict

    from feedrate.advice.candidates import choose
    from feedrate.model.study import fit_to
    from feedrate.report.study import read_measurements

    (dataset,) = datasets
    material = read_measurements(results, datasets, experiments).of(dataset)
    names = {(experiment, cell) for experiment, cells in calibration.items() for cell in cells}
    model, cells, _ = fit_to(material.trials, material.stages, names, samples)
    most_bytes = advice.memory_gib * 2**30
    found = choose(model, cells, material.summaries, base, advice.pixels, most_bytes)
    write_json(output, {"schema": 1, "candidate": asdict(found) if found else None})
    click.echo(found.name if found else "nothing is expected to gain")


@click.command()
@probe_options
@click.option("--candidate", type=FILE, required=True)
def confirm_recommendation(
    dataset: str,
    base: Cell,
    conditions: Conditions,
    maps: Path | None,
    accepted: Path,
    output: Path,
    candidate: Path,
) -> None:
    """Measure the candidate beside the base on fresh pairs."""
    from feedrate.pairs import measure

    chosen = json.loads(candidate.read_text(encoding="utf-8"))["candidate"]
    if chosen is None:
        write_record(output, {"schema": NOTHING_MEASURED}, [], [])
        return
    cell = Cell.model_validate(chosen["levels"])
    fresh = conditions.model_copy(update={"seed": conditions.seed + FRESH})
    measured = MeasuredCell(
        experiment=CONFIRMATION,
        name=cell.name(base),
        cell=cell,
        reference=base,
        conditions=fresh,
        looped=False,
    )
    record, batches, samples = measure(
        measured,
        dataset,
        accepted,
        maps or Path("results/maps") / dataset,
        Progress(f"confirm {measured.name}", "trials", 0),
        stores_root=Path("results/stores") / dataset,
    )
    write_record(output, record, batches, samples)


@click.command()
@click.option("--dataset", required=True)
@click.option("--base", type=Model(Cell), required=True)
@click.option("--advice", type=Model(AdviceSettings), default="{}")
@click.option("--judging", type=Model(Judging), required=True)
@click.option("--seed", type=int, required=True)
@click.argument("confirmation", type=FILE)
@click.argument("patch", type=FILE)
@click.argument("output", type=FILE)
def write_recommendation(
    dataset: str,
    base: Cell,
    advice: AdviceSettings,
    judging: Judging,
    seed: int,
    confirmation: Path,
    patch: Path,
    output: Path,
) -> None:
    """Write what was confirmed: a patch of the configuration, and its text for the report."""
    from feedrate.advice.recommendation import (
        fed_gpus,
        judge_confirmation,
        say,
        write_patch,
        write_snippet,
    )
    from feedrate.tables import collect

    measured = json.loads(confirmation.read_text(encoding="utf-8"))["schema"] != NOTHING_MEASURED
    trials = collect([confirmation]) if measured else None
    found = judge_confirmation(trials, base, judging.confidence, judging.margin, seed)
    write_text(patch, write_patch(found, dataset))
    told = {
        "schema": 1,
        "dataset": dataset,
        "confirmed": found.confirmed,
        "changes": dict(found.changes),
        "sentences": say(found),
        "gpus": fed_gpus(found, advice.gpu_images_per_s),
        "snippet": write_snippet(found, base),
        "ratio": found.epoch.get("ratio"),
        "low": found.epoch.get("low"),
        "high": found.epoch.get("high"),
        "machine_id": found.epoch.get("machine_id", ""),
    }
    write_json(output, told)
    for sentence in told["sentences"]:
        click.echo(sentence)
