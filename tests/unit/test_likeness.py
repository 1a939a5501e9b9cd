"""The generated dataset beside the real one: the record is of this generator, and near enough."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from feedrate.cli import feedrate
from feedrate.codehash import code_hash
from feedrate.formats.seed_json import read
from feedrate.generators import receipts
from feedrate.index import write_index
from feedrate.speed import likeness

RECORD = Path(__file__).parents[2] / "docs/records/likeness.json"
NAMES = list(likeness.UNITS)


@pytest.fixture(scope="module")
def indices(tmp_path_factory):
    folder = tmp_path_factory.mktemp("likeness")
    for name, seed in (("generated", 7), ("real", 8)):
        receipts.generate(folder / name, count=3, seed=seed)
        samples = read(folder / name / "images", folder / name / "annotations.json")
        write_index(folder / f"{name}.parquet", samples)
    return folder


def compare(folder, output, tuned_on):
    paths = [str(folder / "generated.parquet"), str(folder / "real.parquet"), str(output)]
    return CliRunner().invoke(feedrate, ["compare-datasets", "--tuned-on", str(tuned_on), *paths])


def test_the_record_is_of_this_generator():
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert record["generated"]["code"] == code_hash(likeness.GENERATOR), (
        "the generator has changed: measure again with `feedrate compare-datasets`"
    )


def test_the_record_is_within_the_limit_on_what_the_generator_was_tuned_on():
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert [row["name"] for row in record["figures"]] == NAMES
    assert (record["real"]["tuned_on"], record["real"]["held_out"]) == (200, 204)
    assert likeness.too_far(record) == []


def test_two_indices_become_five_figures(indices, tmp_path):
    done = compare(indices, tmp_path / "out.json", 2)
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in result["figures"]] == NAMES
    assert result["real"] == {"name": "real", "images": 3, "tuned_on": 2, "held_out": 1}
    polygons = {row["name"]: row for row in result["figures"]}["polygons"]
    counts = {
        name: [
            len(sample.instances)
            for sample in read(indices / name / "images", indices / name / "annotations.json")
        ]
        for name in ("generated", "real")
    }
    assert polygons["generated_mean"] == pytest.approx(np.mean(counts["generated"]))
    assert polygons["held_out_mean"] == counts["real"][2]
    ratio = np.mean(counts["generated"]) / np.mean(counts["real"][:2])
    assert polygons["ratio_tuned_mean"] == pytest.approx(ratio)
    low, high = polygons["ratio_tuned_mean_interval"]
    assert low <= ratio <= high


@pytest.mark.parametrize("tuned_on", [0, 3])
def test_both_parts_of_the_real_dataset_need_images(indices, tmp_path, tuned_on):
    done = compare(indices, tmp_path / "out.json", tuned_on)
    assert done.exit_code != 0
    assert not (tmp_path / "out.json").exists()


def test_what_is_too_far_is_named():
    rows = [
        {"name": "near", "ratio_tuned_mean": 1.5, "ratio_tuned_median": 0.67},
        {"name": "far", "ratio_tuned_mean": 1.0, "ratio_tuned_median": 0.6},
    ]
    (line,) = likeness.too_far({"limit": 1.5, "figures": rows})
    assert line.startswith("far: median of the generated images is 0.60 times")
