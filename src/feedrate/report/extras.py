"""Sections of a chapter that are made from an artefact of their own: stages, memory, harness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from feedrate.evidence import clocked_on
from feedrate.figures import Material
from feedrate.report.harness import view_harness
from feedrate.report.memory import view_memory
from feedrate.report.page import embed_svg
from feedrate.report.stages import build_section
from feedrate.report.study import Study
from feedrate.report.templates import fill


def build_extras(study: Study) -> dict[str, list[Markup]]:
    """Build the further sections of every chapter, by its name (a key of `Study.materials`).

    What was measured on another machine than the chapter's is not shown in it.
    """
    return {
        study.name(place): list(_sections(study, study.at(place), *place)) for place in study.places
    }


def _sections(study: Study, material: Material, dataset: str, machine_id: str) -> Iterator[Markup]:
    claims = study.claims[study.claims["dataset"] == dataset]
    stages = build_section(material.stages, material.trials, claims, embed_svg)
    if stages:
        yield fill("stages.html.j2", stages=stages)
    memory = _probe(study.memory, dataset, machine_id)
    if memory:
        yield fill("memory.html.j2", memory=view_memory(memory, embed_svg))
    harness = view_harness(_probe(study.harness, dataset, machine_id), material, embed_svg)
    if harness:
        yield fill("harness.html.j2", h=harness, name=dataset)


def _probe(
    contents: Mapping[str, Mapping[str, Any]], dataset: str, machine_id: str
) -> Mapping[str, Any]:
    return clocked_on(contents.get(dataset, {}), machine_id)
