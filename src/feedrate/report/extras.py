"""Sections of a chapter made from an artefact of their own: stages, decoders, losses, memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from feedrate.evidence import clocked_on
from feedrate.figures import Material
from feedrate.report.breakeven import view_break_even
from feedrate.report.decoders import view_decoders
from feedrate.report.harness import view_harness
from feedrate.report.losses import view_losses
from feedrate.report.memory import view_memory
from feedrate.report.model import view_model
from feedrate.report.page import embed_svg
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
from feedrate.report.templates import fill
from feedrate.report.timeline import view_epoch
from feedrate.report.waterfall import view_waterfalls


def build_extras(study: Study) -> dict[str, list[Markup]]:
    """Build the further sections of every chapter, by its name (a key of `Study.materials`).

    What was measured on another machine than the chapter's is not shown in it.
    """
    return {
        study.name(place): list(_sections(study, study.at(place), *place)) for place in study.places
    }


def _sections(study: Study, material: Material, dataset: str, machine_id: str) -> Iterator[Markup]:
    yield from _decisions(study, material, dataset, machine_id)
    yield from _causes(study, material, dataset, machine_id)


def _decisions(study: Study, material: Material, dataset: str, machine_id: str) -> Iterator[Markup]:
    """What to do, what it gives, and when it is paid back."""
    advice = study.advice_at((dataset, machine_id))
    if advice:
        source = f"results/{RECOMMENDATION.format(dataset)}"
        yield _section("recommendation.html.j2", source, advice=advice, name=dataset)
    goals = goals_of(study.goals, dataset, machine_id)
    if goals:
        finding = say_goals(goals)
        source = "results/speed/goals.json"
        yield _section("speed_goals.html.j2", source, goals=goals, finding=finding, name=dataset)
    for fall in view_waterfalls(material.summaries, embed_svg, dataset):
        source = f"results/summary/{dataset}/{fall.experiment}.csv"
        yield _section("waterfall.html.j2", source, fall=fall, name=dataset)
    even = view_break_even(material.summaries, embed_svg, dataset)
    if even:
        yield _section("breakeven.html.j2", f"results/summary/{dataset}/", even=even, name=dataset)
    model = study.model.get(dataset, {})
    if model and model["machine_id"] == machine_id:
        source, view = f"results/{MODEL.format(dataset)}", view_model(model, embed_svg, dataset)
        yield _section("model.html.j2", source, model=view, name=dataset)


def _causes(study: Study, material: Material, dataset: str, machine_id: str) -> Iterator[Markup]:
    """Where time, bytes and pixels go, each from an artefact of its own."""
    epoch = study.epochs.get(dataset)
    if epoch:
        source, line = (
            f"results/trials/{dataset}/{epoch.cell}.json",
            view_epoch(epoch, embed_svg, dataset),
        )
        yield _section("timeline.html.j2", source, line=line, name=dataset)
    claims = study.claims[study.claims["dataset"] == dataset]
    stages = build_section(material.stages, material.trials, claims, embed_svg)
    if stages:
        yield _section("stages.html.j2", f"results/{STAGES.format(dataset)}", stages=stages)
    decoders = _probe(study.decoders, dataset, machine_id)
    if decoders:
        source = f"results/{DECODERS.format(dataset)}"
        yield _section("decoders.html.j2", source, decoders=view_decoders(decoders))
    losses = study.losses.get(dataset)
    if losses:
        source = f"results/{LOSSES.format(dataset)}"
        yield _section("losses.html.j2", source, losses=view_losses(losses))
    stores = study.stores.get(dataset, {})
    built = {name: each for name, each in stores.items() if clocked_on(each, machine_id)}
    if built:
        source, told = f"results/stores/{dataset}/", view_stores(built, material.summaries)
        yield _section("stores.html.j2", source, stores=told)
    memory = _probe(study.memory, dataset, machine_id)
    if memory:
        source = f"results/{MEMORY.format(dataset)}"
        yield _section("memory.html.j2", source, memory=view_memory(memory, embed_svg))
    harness = view_harness(_probe(study.harness, dataset, machine_id), material, embed_svg)
    if harness:
        source = f"results/{HARNESS.format(dataset)}"
        yield _section("harness.html.j2", source, h=harness, name=dataset)
    scale = clocked_on(study.scale, machine_id)
    if scale:
        grown = view_scale(scale, embed_svg, dataset)
        yield _section("scale.html.j2", "results/scale/sweep.json", scale=grown, name=dataset)


def _section(template: str, source: str, **content: Any) -> Markup:
    """Fill a template, and name the file that its figures come from."""
    return with_source(fill(template, **content), source)


def _probe(
    contents: Mapping[str, Mapping[str, Any]], dataset: str, machine_id: str
) -> Mapping[str, Any]:
    return clocked_on(contents.get(dataset, {}), machine_id)
