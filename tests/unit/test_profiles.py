"""The profiles fit the workflow: rules that start a clock run alone, on Slurm too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
RULE = re.compile(r"^rule (\w+):\n(.*?)(?=^rule |\Z)", re.MULTILINE | re.DOTALL)


def profile(name: str) -> dict[str, Any]:
    data = yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text("utf-8"))
    assert isinstance(data, dict)
    return data


def exclusive_rules() -> set[str]:
    """Rules that take every core."""
    texts = [path.read_text("utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk")]
    found = {name: body for text in texts for name, body in RULE.findall(text)}
    return {name for name, body in found.items() if "workflow.cores" in body}


def test_cores_belong_to_the_machine() -> None:
    for name in ("default", "slurm"):
        assert "cores" not in profile(name)
        assert profile(name)["rerun-incomplete"] is True


def test_slurm_keeps_a_node_free_for_each_rule_with_a_clock() -> None:
    slurm = profile("slurm")
    assert {"measure_cell", "profile_stages"} <= exclusive_rules()
    assert set(slurm["set-resources"]) == exclusive_rules()
    for rule, resources in slurm["set-resources"].items():
        assert "--exclusive" in resources["slurm_extra"], rule
    assert not exclusive_rules() & set(slurm["groups"])


def test_slurm_groups_are_made_of_rules_that_exist() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk")]
    known = {name for text in texts for name, _ in RULE.findall(text)}
    slurm = profile("slurm")
    assert set(slurm["groups"]) <= known
    assert set(slurm["group-components"]) <= set(slurm["groups"].values())
