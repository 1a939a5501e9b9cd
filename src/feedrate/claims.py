"""The ledger: what a write-up claims, judged from data.

`config/claims.yaml` holds a claim's words and the name of its judge; a judge is a small function
in `feedrate.judges` which sees the evidence of one dataset and returns a verdict with the computed
sentence it rests on. A claim whose cell was not measured is *not decided here*, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from feedrate.evidence import (
    NOT_DECIDED,
    Evidence,
    Judgement,
    NotTestableError,
    at,
    clocked_on,
    places,
)
from feedrate.judges import JUDGES

COLUMNS = (
    *("dataset", "machine_id", "id", "where", "kind", "claim", "rule", "verdict"),
    *("evidence_cell", "ratio", "low", "high", "reason"),
)
NUMBERS = ("ratio", "low", "high")
TEXT_COLUMNS = tuple(name for name in COLUMNS if name not in NUMBERS)
Kind = Literal["measured", "arithmetic", "document fact", "judgement"]


class ClaimsError(ValueError):
    """The file of claims is wrong; the message names the file, the claim and the key."""


class Claim(BaseModel):
    """One claim of the write-up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="number and a short name, unique in the file")
    where: str = Field(description="lines of the write-up")
    kind: Kind = Field(description="what could decide it")
    claim: str = Field(description="the words of the write-up")
    rule: str = Field(description="what supports and what refutes it, written before the data")
    judge: str = Field(description="a key of `feedrate.judges.JUDGES`")
    cell: dict[str, str] = Field({}, description="`experiment` and `cell` it rests on")
    parameters: dict[str, Any] = Field({}, description="what the judge needs besides")


Place = tuple[str, str]
"""A dataset, and the machine that measured it."""


def evidence_of(
    summaries: pd.DataFrame,
    stages: Mapping[str, Mapping[str, Any]],
    maps: Mapping[str, Mapping[str, Any]],
    trials: pd.DataFrame,
    probes: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType({}),
) -> dict[Place, Evidence]:
    """Sort out what belongs together: evidence by dataset and machine.

    Args:
        summaries: From `stats.summarise`, any number of datasets and experiments.
        stages: A dataset's clocked run (``results/stages/{dataset}.json``), where there is one.
        maps: A dataset's verdict on its stored maps (``results/maps/{dataset}/npz.json``).
        trials: From `tables.collect`.
        probes: What was measured beside the cells, by kind (``memory``) and dataset.
    """
    return {
        (dataset, machine): Evidence(
            at(summaries, (dataset, machine)),
            at(trials, (dataset, machine)),
            clocked_on(stages.get(dataset, {}), machine),
            maps.get(dataset, {}),
            {kind: _made_on(found.get(dataset, {}), machine) for kind, found in probes.items()},
        )
        for dataset, machine in places(summaries)
    }


def judge(claims_path: Path, evidence: Mapping[Place, Evidence]) -> pd.DataFrame:
    """Judge every claim for every dataset, on every machine that measured it.

    Args:
        claims_path: The YAML file of claims.
        evidence: From `evidence_of`.

    Returns:
        One row a dataset, machine and claim, columns `COLUMNS`.

    Raises:
        ClaimsError: The file breaks its contract or names an unknown judge.
    """
    claims = read_claims(claims_path)
    rows = [
        {"dataset": dataset, "machine_id": machine, **_judged(claim, found)}
        for (dataset, machine), found in evidence.items()
        for claim in claims
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read_claims(path: Path) -> list[Claim]:
    """Read and check a file of claims.

    Raises:
        ClaimsError: See `judge`.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        claims = [Claim.model_validate(entry) for entry in content["claims"]]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ClaimsError(f"{path}: no list of claims under `claims:` ({error})") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ClaimsError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for claim in claims:
        if claim.judge not in JUDGES:
            known = ", ".join(JUDGES)
            raise ClaimsError(f"{path}: {claim.id}: judge {claim.judge!r}; known are {known}")
    if len({claim.id for claim in claims}) < len(claims):
        raise ClaimsError(f"{path}: an id stands twice")
    return claims


def _made_on(content: Mapping[str, Any], machine: str) -> Mapping[str, Any]:
    """What was measured beside the cells, if on this machine."""
    told = content.get("machine_id") or content.get("machine", {}).get("machine_id", machine)
    return content if told == machine else {}


def _judged(claim: Claim, evidence: Evidence) -> dict[str, Any]:
    facts = {name: getattr(claim, name) for name in ("id", "where", "kind", "claim", "rule")}
    try:
        found = JUDGES[claim.judge](evidence, claim.cell, claim.parameters)
    except NotTestableError as reason:
        found = Judgement(NOT_DECIDED, str(reason))
    return {**facts, **found._asdict()}
