"""Shipped configurations load; a wrong one is refused in one line that says what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from feedrate.config import FACTOR_KINDS, ConfigError
from feedrate.configfile import load_config, read_config
from feedrate.matrix import expand, plugin_modules
from feedrate.registry import names

ROOT = Path(__file__).resolve().parents[2]
STUDIES = ("config.yaml", "smoke.yaml", "sroie.yaml", "full.yaml")


def study(**changes: Any) -> dict[str, Any]:
    """The smallest complete study, with some blocks replaced."""
    return {
        "datasets": {"small": {"generator": "receipts", "count": 8}},
        "experiments": {"aa": {"question": "How far apart?", "cells": [{}]}},
        **changes,
    }


def experiment(**changes: Any) -> dict[str, Any]:
    return study(experiments={"e": {"question": "Which?", **changes}})


def dataset(**entry: Any) -> dict[str, Any]:
    return study(datasets={"small": entry})


WRONG = {
    "unknown key": (study(pears=3), ["pears", "unknown key", "datasets, checks"]),
    "unknown key in a block": (study(work={"image": 3}), ["work.image", "images, steady_rounds"]),
    "unknown key of a dataset": (
        dataset(generator="receipts", cout=3),
        ["datasets.small.cout", "unknown key", "count"],
    ),
    "unknown key of base": (study(base={"worker": 3}), ["base.worker", "workers"]),
    "unknown level": (
        experiment(vary={"images": ["ramdisk"]}),
        ["experiments.e.vary.images", "'ramdisk'", "disk, ram, decoded_ram"],
    ),
    "unknown level of base": (study(base={"decoder": "pil"}), ["base.decoder", "'pil'", "pillow"]),
    "negative workers": (
        experiment(vary={"workers": [-1]}),
        ["experiments.e.vary.workers", "-1", "greater than or equal to 0"],
    ),
    "negative workers of base": (study(base={"workers": -1}), ["base.workers", "-1", "equal to 0"]),
    "text for a number": (
        experiment(cells=[{"workers": "two"}]),
        ["experiments.e.cells[0].workers", "'two'", "integer"],
    ),
    "a level that is no plug-in's": (
        experiment(vary={"page_cache": ["hot"]}),
        ["experiments.e.vary.page_cache", "'hot'", "'warm', 'cold' or 'as_found'"],
    ),
    "fewer pairs at most than at least": (
        study(measuring={"pairs": 9, "max_pairs": 8}),
        ["measuring", "max_pairs", "8", "pairs: 9"],
    ),
    "a pace without a number": (
        experiment(vary={"consumer": ["spin"]}),
        ["vary.consumer", "'spin'", "milliseconds", "spin:20"],
    ),
    "a precision nobody has": (
        experiment(vary={"consumer": ["dbnet:fp8"]}),
        ["vary.consumer", "'dbnet:fp8'", "dbnet:bf16", "dbnet:channels_last"],
    ),
    "an argument nobody takes": (
        experiment(vary={"consumer": ["none:3"]}),
        ["vary.consumer", "'none:3'", "takes no argument"],
    ),
    "a number for text": (experiment(vary={"images": [4]}), ["vary.images", "4", "string"]),
    "unknown factor": (
        experiment(reference={"cache": "warm"}),
        ["experiments.e.reference.cache", "no such factor", "images, decoder"],
    ),
    "unknown generator": (
        dataset(generator="recipes"),
        ["datasets.small.generator", "'recipes'", "receipts"],
    ),
    "unknown format": (
        dataset(format="csv", images="a", annotations="b"),
        ["datasets.small.format", "'csv'", "auto, icdar, sroie, seed_json"],
    ),
    "format without files": (dataset(format="sroie"), ["datasets.small", "images", "annotations"]),
    "two origins": (
        dataset(generator="receipts", format="sroie"),
        ["datasets.small", "generator", "format"],
    ),
    "a folder and a generator": (
        dataset(generator="receipts", folder="a"),
        ["datasets.small", "not both"],
    ),
    "annotations alone": (dataset(annotations="a"), ["datasets.small", "`folder`"]),
    "a url without its checksum": (
        dataset(url="https://example.org/a.zip"),
        ["datasets.small", "`sha256`"],
    ),
    "a checksum that is none": (
        dataset(url="https://example.org/a.zip", sha256="abc"),
        ["datasets.small.sha256", "'abc'", "pattern"],
    ),
    "a url that is no web address": (
        dataset(url="file:///etc/passwd", sha256="0" * 64),
        ["datasets.small.url", "'file:///etc/passwd'", "https://"],
    ),
    "a path out of what was fetched": (
        dataset(url="https://example.org/a.zip", sha256="0" * 64, folder="../a"),
        ["datasets.small.folder", "'../a'", "inside"],
    ),
    "apart from nothing": (
        dataset(generator="receipts", apart_from=["large"]),
        ["datasets.small.apart_from", "'large'", "allowed: none"],
    ),
    "likeness to nothing": (
        study(likeness={"generated": "small", "real": "sroie"}),
        ["likeness.real", "'sroie'", "allowed: small"],
    ),
    "a bomb allowed": (
        study(validation={"max_megapixels": 10_000}),
        ["validation.max_megapixels", "10000", "178.95697"],
    ),
    "too few pairs": (study(measuring={"pairs": 5}), ["measuring.pairs", "5", "equal to 6"]),
    "a half worker": (study(base={"workers": 1.5}), ["base.workers", "1.5", "integer"]),
    "a word for a number": (study(work={"images": "many"}), ["work.images", "'many'", "integer"]),
    "sleep without a number": (
        experiment(vary={"consumer": ["sleep"]}),
        ["vary.consumer", "'sleep'", "milliseconds"],
    ),
    "sleep with text": (experiment(vary={"consumer": ["sleep:x"]}), ["'sleep:x'", "milliseconds"]),
    "an argument too many": (
        experiment(vary={"images": ["disk:3"]}),
        ["vary.images", "'disk:3'", "no argument"],
    ),
    "nothing to measure": (experiment(), ["experiments.e", "vary", "cells"]),
    "no question": (
        study(experiments={"e": {"cells": [{}]}}),
        ["experiments.e.question", "missing"],
    ),
    "no datasets": ({"experiments": {}}, ["datasets", "missing"]),
    "empty datasets": (study(datasets={}), ["datasets", "{}", "at least 1"]),
    "a name with a slash": (
        study(datasets={"a/b": {"generator": "receipts"}}),
        ["datasets.a/b", "lower-case letters"],
    ),
    "unknown kind of plug-in": (study(plugins={"readers": {}}), ["plugins.readers", "loaders"]),
    "unknown severity": (study(checks={"x": "loud"}), ["checks.x", "'loud'", "'error'", "'off'"]),
    "unknown choice": (
        dataset(generator="receipts", on_error="ignore"),
        ["datasets.small.on_error", "'ignore'", "'stop' or 'exclude'"],
    ),
}


@pytest.mark.parametrize(("data", "expected"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_config_is_refused_in_one_line(data: dict[str, Any], expected: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(data)
    lines = str(caught.value).split("\n")
    assert all(line.startswith("config: ") for line in lines)
    fitting = [line for line in lines if all(part in line for part in expected)]
    assert len(fitting) == 1, f"no line with {expected} in {lines}"


def test_every_fault_is_told_at_once() -> None:
    wrong = study(base={"decoder": "pil", "targets": "npy"})
    with pytest.raises(ConfigError, match="pil") as caught:
        load_config(wrong)
    assert str(caught.value).count("\n") == 1


def test_a_primary_cell_must_exist() -> None:
    wrong = experiment(vary={"images": ["ram"]}, primary=["images~rom"])
    with pytest.raises(ConfigError, match=r"experiments\.e\.primary: 'images~rom'.*images~ram"):
        expand(load_config(wrong))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("datasets: [", "not YAML"),
        ("just words", "must hold keys and values"),
        ("", "must hold keys and values"),
    ],
)
def test_a_file_that_is_no_config(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        read_config(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: No such file"):
        read_config(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", STUDIES)
def test_a_shipped_study_loads(name: str) -> None:
    config = read_config(ROOT / "config" / name)
    cells = expand(config)
    assert "aa" in {cell.experiment for cell in cells}
    assert config.experiments["ram_vs_disk"].primary == ["targets~npz_ram"]
    for cell in cells:
        assert plugin_modules(cell.cell, config.plugins)


def test_the_real_receipts_get_the_default_experiments() -> None:
    default, real = (read_config(ROOT / "config" / name) for name in ("config.yaml", "sroie.yaml"))
    assert real.experiments == default.experiments
    assert real.base == default.base


@pytest.mark.parametrize("name", STUDIES)
def test_a_shipped_study_names_its_schema(name: str) -> None:
    first = (ROOT / "config" / name).read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../workflow/schemas/config.schema.json"
    assert (ROOT / "config" / first.partition("=")[2]).resolve().is_file()


def test_no_two_shipped_studies_share_a_dataset_name() -> None:
    """Else running one would re-make what the other measured: results lie under the name."""
    loaded = [yaml.safe_load((ROOT / "config" / name).read_text("utf-8")) for name in STUDIES]
    datasets = [dataset for data in loaded for dataset in data["datasets"]]
    assert len(set(datasets)) == len(datasets)


def test_a_users_plugin_is_a_level() -> None:
    config = load_config(
        experiment(vary={"loader": ["mine"]}) | {"plugins": {"loaders": {"mine": "my.pipe:build"}}}
    )
    (cell,) = expand(config)
    assert cell.name == "loader~mine"
    assert "my.pipe" in plugin_modules(cell.cell, config.plugins)


def test_every_named_factor_has_levels() -> None:
    for factor, kind in FACTOR_KINDS.items():
        assert names(kind), factor


def test_numbers_given_on_the_command_line_are_numbers() -> None:
    """Snakemake hands over what stands inside ``--config key=value`` as text."""
    assert load_config(study(work={"images": "8"})).work.images == 8
    assert load_config(study(base={"workers": "4"})).base.workers == 4


def test_two_datasets_are_apart_by_one_word_only() -> None:
    both = {
        name: {"generator": "receipts", "apart_from": [other]}
        for name, other in (("train", "test"), ("test", "train"))
    }
    with pytest.raises(ConfigError, match="say it on one side only"):
        load_config(study(datasets=both))
    del both["test"]["apart_from"]
    assert load_config(study(datasets=both)).datasets["train"].apart_from == ["test"]
