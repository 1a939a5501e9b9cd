"""The ledger: what a write-up claims, judged from data.

`config/claims.yaml` holds a claim's words and the name of its judge; a judge is a small function
in `feedrate.judges` which sees the evidence of one dataset and returns a verdict with the computed
sentence it rests on. A claim whose cell was not measured is *not testable here*, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from feedrate.evidence import Evidence, NotTestableError, at, clocked_on, places
from feedrate.judges import JUDGES

COLUMNS = (
    "dataset",
    "machine_id",
    "id",
    "kind",
    "quote",
    "tested",
    "verdict",
    "measured",
    "evidence",
)


class ClaimsError(ValueError):
    """The file of claims is wrong; the message names the file, the claim and the key."""


class Claim(BaseModel):
    """One claim of the write-up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="a short name, unique in the file")
    kind: str = Field(description="effect, explanation, figure or advice")
    quote: str = Field(description="the words of the write-up")
    tested: str = Field(description="what is compared or measured")
    judge: str = Field(description="a key of `feedrate.judges.JUDGES`")
    cell: dict[str, str] = Field({}, description="`experiment` and `cell` it rests on")
    parameters: dict[str, Any] = Field({}, description="what the judge needs besides")


def judge(
    claims_path: Path,
    summaries: pd.DataFrame,
    stages: Mapping[str, Mapping[str, Any]],
    maps: Mapping[str, Mapping[str, Any]],
    trials: pd.DataFrame,
) -> pd.DataFrame:
    """Judge every claim for every dataset, on every machine that measured it.

    Args:
        claims_path: The YAML file of claims.
        summaries: From `stats.summarise`, any number of datasets and experiments.
        stages: A dataset's clocked run (``results/stages/{dataset}.json``), where there is one.
        maps: A dataset's verdict on its stored maps (``results/maps/{dataset}/npz.json``).
        trials: From `tables.collect`.

    Returns:
        One row a dataset, machine and claim, columns `COLUMNS`.

    Raises:
        ClaimsError: The file breaks its contract or names an unknown judge.
    """
    claims = read_claims(claims_path)
    rows = []
    for dataset, machine in places(summaries):
        evidence = Evidence(
            at(summaries, (dataset, machine)),
            at(trials, (dataset, machine)),
            clocked_on(stages.get(dataset, {}), machine),
            maps.get(dataset, {}),
        )
        where = {"dataset": dataset, "machine_id": machine}
        rows += [{**where, **_judged(claim, evidence)} for claim in claims]
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


def _judged(claim: Claim, evidence: Evidence) -> dict[str, str]:
    facts = {name: getattr(claim, name) for name in ("id", "kind", "quote", "tested")}
    try:
        found = JUDGES[claim.judge](evidence, claim.cell, claim.parameters)
    except NotTestableError as reason:
        return {**facts, "verdict": "not testable here", "measured": str(reason), "evidence": ""}
    return {**facts, **found._asdict()}
