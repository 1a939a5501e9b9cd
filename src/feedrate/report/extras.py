"""Sections of a chapter made from an artefact of their own: stages, decoders, losses, memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from feedrate.evidence import clocked_on
from feedrate.figures import WIDE_IN, Material
from feedrate.report.breakeven import view_break_even
from feedrate.report.decoders import view_decoders
from feedrate.report.harness import view_harness
from feedrate.report.losses import view_losses
from feedrate.report.memory import view_memory
from feedrate.report.model import view_model
from feedrate.report.page import Extras, embed_svg, slug_of
from feedrate.report.scale import view_scale
from feedrate.report.sources import with_source
from feedrate.report.speed_goals import goals_of, say_goals
from feedrate.report.stages import build_section
from feedrate.report.stores import view_stores
from feedrate.report.study import (
    DECODERS,
    HARNESS,
    LOSSES,
    MEMORY,
    MODEL,
    RECOMMENDATION,
    STAGES,
    Study,
)
from feedrate.report.templates import Embed, fill
from feedrate.report.timeline import view_epoch
from feedrate.report.waterfall import view_waterfalls


def build_extras(study: Study) -> dict[str, Extras]:
    """Build the further sections of every chapter, by its name (a key of `Study.materials`).

    What was measured on another machine than the chapter's is not shown in it.
    """
    return {study.name(place): _extras_of(study, place, embed_svg) for place in study.places}


def draw_extras(study: Study, dataset: str) -> dict[str, str]:
    """Draw what these sections of a dataset show, each figure by its name, as SVG text."""
    drawn: dict[str, str] = {}
    for place in study.places:
        if place[0] != dataset:
            continue
        begins, ends = f"{slug_of(study.name(place))}-", f"-{WIDE_IN:g}in"

        def keep(svg: str, name: str, _: str, begins: str = begins, ends: str = ends) -> Markup:
            if name.endswith(ends):
                drawn[name.removeprefix(begins).removesuffix(ends)] = svg
            return Markup()

        _extras_of(study, place, keep)
    return drawn


def _extras_of(study: Study, place: tuple[str, str], embed: Embed) -> Extras:
    given = study, study.at(place), slug_of(study.name(place)), *place, embed
    return Extras(tuple(_decisions(*given)), tuple(_causes(*given)))


def _decisions(
    study: Study, material: Material, name: str, dataset: str, machine_id: str, embed: Embed
) -> Iterator[Markup]:
    """What to do, what it gives, and when it is paid back."""
    advice = study.advice_at((dataset, machine_id))
    if advice:
        source = f"results/{RECOMMENDATION.format(dataset)}"
        yield _section("recommendation.html.j2", source, advice=advice, name=name, dataset=dataset)
    goals = goals_of(study.goals, dataset, machine_id)
    if goals:
        finding = say_goals(goals)
        source = "results/speed/goals.json"
        yield _section("speed_goals.html.j2", source, goals=goals, finding=finding, name=name)
    for fall in view_waterfalls(material.summaries, embed, name):
        source = f"results/summary/{dataset}/{fall.experiment}.csv"
        yield _section("waterfall.html.j2", source, fall=fall, name=name)
    even = view_break_even(material.summaries, embed, name)
    if even:
        yield _section("breakeven.html.j2", f"results/summary/{dataset}/", even=even, name=name)
    model = study.model.get(dataset, {})
    if model and model["machine_id"] == machine_id:
        source, view = f"results/{MODEL.format(dataset)}", view_model(model, embed, name)
        yield _section("model.html.j2", source, model=view, name=name)


def _causes(
    study: Study, material: Material, name: str, dataset: str, machine_id: str, embed: Embed
) -> Iterator[Markup]:
    """Where time, bytes and pixels go, each from an artefact of its own."""
    epoch = study.epochs.get(dataset)
    if epoch:
        source = f"results/trials/{dataset}/{epoch.cell}.json"
        line = view_epoch(epoch, embed, name)
        yield _section("timeline.html.j2", source, line=line, name=name)
    claims = study.claims[study.claims["dataset"] == dataset]
    stages = build_section(material.stages, material.trials, claims, embed)
    if stages:
        source = f"results/{STAGES.format(dataset)}"
        yield _section("stages.html.j2", source, stages=stages, name=name)
    decoders = _probe(study.decoders, dataset, machine_id)
    if decoders:
        source, seen = f"results/{DECODERS.format(dataset)}", view_decoders(decoders)
        yield _section("decoders.html.j2", source, decoders=seen, name=name)
    losses = study.losses.get(dataset)
    if losses:
        source = f"results/{LOSSES.format(dataset)}"
        yield _section("losses.html.j2", source, losses=view_losses(losses), name=name)
    stores = study.stores.get(dataset, {})
    built = {store: each for store, each in stores.items() if clocked_on(each, machine_id)}
    if built:
        source, told = f"results/stores/{dataset}/", view_stores(built, material.summaries)
        yield _section("stores.html.j2", source, stores=told, name=name)
    memory = _probe(study.memory, dataset, machine_id)
    if memory:
        source, held = f"results/{MEMORY.format(dataset)}", view_memory(memory, embed)
        yield _section("memory.html.j2", source, memory=held, name=name)
    harness = view_harness(_probe(study.harness, dataset, machine_id), material, embed)
    if harness:
        yield _section(
            "harness.html.j2", f"results/{HARNESS.format(dataset)}", h=harness, name=name
        )
    scale = clocked_on(study.scale, machine_id)
    if scale:
        grown = view_scale(scale, embed, name)
        yield _section("scale.html.j2", "results/scale/sweep.json", scale=grown, name=name)


def _section(template: str, source: str, **content: Any) -> Markup:
    """Fill a template, and name the file that its figures come from."""
    return with_source(fill(template, **content), source)


def _probe(
    contents: Mapping[str, Mapping[str, Any]], dataset: str, machine_id: str
) -> Mapping[str, Any]:
    return clocked_on(contents.get(dataset, {}), machine_id)
