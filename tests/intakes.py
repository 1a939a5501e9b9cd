"""A fabricated intake: facts, findings, gallery and source, as the workflow leaves them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from feedrate.report.inspection import Inspection, read_inspection
from feedrate.sample import Finding
from feedrate.validation import write_findings

HOSTILE = (
    "<script>document.documentElement.setAttribute('ran', 1)</script>.jpg",
    '"><img src=x onerror="document.documentElement.setAttribute(\'ran\', 2)">.jpg',
    "'-->{{ 7 * 7 }}{% raw %}</style></title>&lt;b&gt; $x^2_{3$ 漢字.jpg",
    "w" * 246 + ".jpg",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627.jpg",
    "gnp\u202egpj.\x1b[31m\x00\x85\ud800.jpg",
)
"""Names of an unfriendly dataset: markup, templates, mathematics, length, direction, control."""


def printable(name: str) -> str:
    """A name as a reader hands it on: UTF-8 can hold it."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def make_facts(keys: Sequence[str], texts: int = 5) -> pd.DataFrame:
    """A row an image, all different; every text but two is drawn."""
    rng = np.random.default_rng(5)
    rows = [
        {
            "key": key,
            "width": 600 + 40 * number,
            "height": 800,
            "bytes": 60_000 + 1000 * number,
            "kind": "JPEG",
            "mode": "RGB",
            "instances": texts,
            "ignored": min(texts, 1),
            "drawn": max(texts - 2, 0),
            "too_small": int(texts > 1),
            "lost": 0,
            "text_sides": rng.uniform(5, 40, max(texts - 1, 0)),
        }
        for number, key in enumerate(keys)
    ]
    return pd.DataFrame(rows) if rows else make_facts(["a"]).iloc[:0]


def make_likeness(real: str = "sroie", name: str = "bits_per_pixel") -> dict[str, Any]:
    """Two figures: one alike, one twice as large on the images held out."""
    return {
        "schema": 1,
        "machine": {"cpu": "a CPU", "cores": 2},
        "date": "2026-01-01",
        "generated": {"name": "receipts", "images": 200},
        "real": {"name": real, "images": 404, "tuned_on": 200, "held_out": 204},
        "figures": [_likeness_of("polygons", 0.9), _likeness_of(name, 2.0)],
        "limit": 1.5,
    }


def _likeness_of(name: str, held_out: float) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "unit": "bits"}
    for kind in ("mean", "median"):
        row |= {f"generated_{kind}": 2.0, f"tuned_on_{kind}": 1.9, f"held_out_{kind}": 1.0}
        for part, ratio in (("tuned", 1.05), ("held_out", held_out)):
            row[f"ratio_{part}_{kind}"] = ratio
            row[f"ratio_{part}_{kind}_interval"] = [0.9 * ratio, 1.1 * ratio]
    return row


def make_findings(keys: Sequence[str]) -> list[Finding]:
    """An error, a warning and a note of each image."""
    return [
        Finding(printable(key), check, severity, printable(f"{key}: wrong"), f"gts/{number}.txt: 3")
        for number, key in enumerate(keys)
        for check, severity in (
            ("bad_annotation", "error"),
            ("self_crossing", "warning"),
            ("crlf", "info"),
        )
    ]


def write_intake(
    results: Path,
    name: str = "receipts",
    keys: Sequence[str] = ("a.jpg", "b.jpg"),
    findings: Sequence[Finding] = (),
    texts: int = 5,
    **source: str,
) -> None:
    """Write the intake of a dataset where the workflow would, one card of its gallery a finding."""
    stream = io.BytesIO()
    Image.new("RGB", (640, 300), "grey").save(stream, "JPEG")
    gallery = results / "galleries" / name
    for folder in (gallery, results / "datasets" / name, results / "validation"):
        folder.mkdir(parents=True, exist_ok=True)
    (gallery / "00.jpg").write_bytes(stream.getvalue())
    cards = [
        {
            "key": item.key,
            "check": item.check,
            "severity": item.severity,
            "message": item.message,
            "location": item.location,
            "file": None if number % 3 else "00.jpg",
        }
        for number, item in enumerate(findings[:24])
    ]
    (gallery / "index.json").write_text(json.dumps(cards), encoding="utf-8")
    origin = {"format": "icdar", "images": "img", "annotations": "gts", "evidence": "8 numbers"}
    (results / "datasets" / name / "source.json").write_text(json.dumps(origin | source))
    facts = make_facts([printable(key) for key in keys], texts)
    facts.to_parquet(results / "validation" / f"{name}.parquet")
    write_findings(results / "validation" / f"{name}.csv", findings)
    verdict = {"accepted": len(keys), "samples": len(keys), "excluded": []}
    (results / "validation" / f"{name}.json").write_text(json.dumps(verdict))


def read_intake(
    results: Path, name: str = "receipts", likeness: dict[str, Any] | None = None
) -> Inspection:
    """Read it back without its verdict, as the rule of the page does."""
    compared = results / "likeness.json"
    compared.write_text(json.dumps(likeness))
    return read_inspection(
        name,
        results / "datasets" / name / "source.json",
        results / "validation" / f"{name}.parquet",
        results / "validation" / f"{name}.csv",
        results / "galleries" / name,
        likeness=compared if likeness else None,
    )
