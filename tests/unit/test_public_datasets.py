"""The table of public sets: complete, in one order, and only with what can be fetched safely."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from feedrate.cli import feedrate
from feedrate.configfile import load_config
from feedrate.fetching import Source
from feedrate.registry import names

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "config" / "datasets.yaml"
TEXT = TABLE.read_text(encoding="utf-8")
KNOWN: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)
HEADER = TEXT[: TEXT.index(f"\n{next(iter(KNOWN))}:")]
KEYS = [
    *("title", "homepage", "paper", "licence", "registration", "images", "bytes", "polygons"),
    *("unit", "format", "format_note", "files", "notes"),
]
UNKNOWN = "unknown"


def is_count(value: object) -> bool:
    return value == UNKNOWN or (type(value) is int and value >= 0)


def test_every_name_is_one_of_a_config_and_they_are_sorted() -> None:
    assert len(KNOWN) > 20
    assert [name for name in KNOWN if not re.fullmatch(r"[a-z0-9_]+", name)] == []
    assert list(KNOWN) == sorted(KNOWN)
    assert TEXT.count("\n  title: ") == len(KNOWN), "a name stands twice: YAML keeps the last"


@pytest.mark.parametrize("name", KNOWN)
def test_an_entry_is_complete(name: str) -> None:
    entry = KNOWN[name]
    assert list(entry) == KEYS
    for key in ("title", "paper", "licence", "format_note", "notes"):
        assert isinstance(entry[key], str), key
        assert entry[key].strip(), key
    assert entry["homepage"].startswith("https://")
    assert entry["registration"] in (True, False, UNKNOWN)
    assert list(entry["images"]) == ["train", "validation", "test"]
    assert all(is_count(count) for count in entry["images"].values())
    assert is_count(entry["bytes"])
    assert entry["polygons"] in {"boxes", "quads", "outlines"}
    assert entry["unit"] in {"words", "lines", UNKNOWN}
    assert entry["format"] is None or entry["format"] in names("formats")


@pytest.mark.parametrize("name", KNOWN)
def test_a_file_is_one_that_fetch_dataset_takes(name: str) -> None:
    urls = [file["url"] for file in KNOWN[name]["files"]]
    assert len(urls) == len(set(urls))
    for file in KNOWN[name]["files"]:
        assert list(file) == ["url", "sha256", "bytes", "holds"]
        assert file["url"].startswith("https://")
        assert is_count(file["bytes"])
        assert file["holds"]
        sha256 = "0" * 64 if file["sha256"] == UNKNOWN else file["sha256"]
        assert Source(name, file["url"], sha256).digest == sha256


def test_no_hash_stands_for_two_files() -> None:
    hashes = [file["sha256"] for entry in KNOWN.values() for file in entry["files"]]
    published = [digest for digest in hashes if digest != UNKNOWN]
    assert len(published) > 5
    assert len(published) == len(set(published))


def test_the_example_of_the_header_is_a_config_of_files_that_are_listed() -> None:
    lines = HEADER.splitlines()
    start = lines.index("#   datasets:")
    block = [line.removeprefix("#   ") for line in lines[start : start + 7]]
    example = yaml.safe_load("\n".join(block))
    experiment = {"aa": {"question": "How far apart?", "cells": [{}]}}
    entry = load_config({**example, "experiments": experiment}).datasets["receipts_train"]
    listed = {(file["url"], file["sha256"]) for file in KNOWN["sroie"]["files"]}
    assert (entry.url, entry.sha256) in listed
    assert entry.format == KNOWN["sroie"]["format"]


def test_the_header_explains_every_key_in_its_order() -> None:
    keys = HEADER[HEADER.index("# Keys of an entry") :]
    starts = [keys.index(f" {key}  ") for key in KEYS]
    assert starts == sorted(starts)


def test_the_verb_lists_all_of_them() -> None:
    done = CliRunner().invoke(feedrate, ["datasets", "--table", str(TABLE)])
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert [line.split()[0] for line in lines] == ["dataset", *KNOWN]
    assert re.search(r"^icdar2015 +1000 +500 +icdar +yes +CC BY 4\.0$", done.output, re.MULTILINE)


def test_the_verb_tells_all_of_one() -> None:
    done = CliRunner().invoke(feedrate, ["datasets", "--table", str(TABLE), "total_text"])
    assert yaml.safe_load(done.output) == {"total_text": KNOWN["total_text"]}


def test_the_verb_names_those_it_knows() -> None:
    done = CliRunner().invoke(feedrate, ["datasets", "--table", str(TABLE), "icdar"])
    assert done.exit_code == 2
    assert "icdar2015" in done.output
