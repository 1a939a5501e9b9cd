"""What is generated from the config model is up to date, and says what the model says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from feedrate.document import reference_text, schema_text

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "config" / "README.md"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"
REPAIR = "is out of date: run `feedrate document`"
EMPTY = """
<!-- generated: keys -->
an outdated table
<!-- end: keys -->
between
<!-- generated: checks -->
<!-- end: checks -->
after
"""


@dataclass(frozen=True)
class Check:
    severity: str
    description: str


CHECKS = {"zero_area": Check("error", "a polygon without area")}


def schema_validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_text()))


def test_schema_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), f"{SCHEMA.name} {REPAIR}"


def test_tables_are_current() -> None:
    from feedrate.validation import CHECKS as REAL_CHECKS

    text = README.read_text(encoding="utf-8")
    assert text == reference_text(text, REAL_CHECKS), f"config/README.md {REPAIR}"


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("name", ["config.yaml", "smoke.yaml", "sroie.yaml", "full.yaml"])
def test_schema_accepts_the_shipped_studies(name: str) -> None:
    schema_validator().validate(yaml.safe_load((ROOT / "config" / name).read_text("utf-8")))


def test_schema_refuses_an_unknown_key() -> None:
    study = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text("utf-8"))
    study["datasets"]["smoke"]["cout"] = 3
    (error,) = schema_validator().iter_errors(study)
    assert "'cout'" in error.message


def test_a_row_says_meaning_range_and_default() -> None:
    text = reference_text(EMPTY, CHECKS)
    row = "| `base.workers` | loader processes; 0 loads in the main one "
    assert f"{row}| whole number, >= 0, <= 256 | `2` |" in text
    assert "| `datasets.<name>.on_error` |" in text
    assert '| `stop`, `exclude` | `"stop"` |' in text
    assert "`disk`, `ram`, `decoded_ram`, `tar`, `lmdb`, `decoded_mmap`, `resized_jpeg`, a" in text
    assert "`none`, `sleep:20`, `spin:20`, `dbnet`, `dbnet:bf16`" in text
    assert "| **required** |" in text
    assert "| `zero_area` | error | a polygon without area |" in text


def test_text_around_the_tables_stays() -> None:
    text = reference_text(EMPTY, CHECKS)
    assert "outdated" not in text
    assert text.endswith("<!-- end: checks -->\nafter\n")
    assert reference_text(text, CHECKS) == text


def test_a_missing_marker_is_told() -> None:
    with pytest.raises(ValueError, match="<!-- end: checks -->"):
        reference_text(EMPTY.replace("<!-- end: checks -->", ""), CHECKS)
