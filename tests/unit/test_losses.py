"""What the resize loses: counted from known pixels and heights, and shown as it was counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from tiny import make_index, make_samples

from feedrate import losses
from feedrate.cli import feedrate
from feedrate.index import write_index
from feedrate.losses import CAREFUL, SIZES, WAYS, Way
from feedrate.registry import target_of
from feedrate.report.losses import view_losses
from feedrate.report.templates import fill
from feedrate.sample import Sample, TextInstance

RULE = Path(__file__).resolve().parents[2] / "workflow" / "rules" / "losses.smk"


def box(width: float, height: float) -> np.ndarray:
    return np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])


def a_sample(*instances: TextInstance) -> Sample:
    return Sample("a.jpg", Path("a.jpg"), 1000, 2000, instances)


def test_heights_are_shares_of_the_longer_side_ignored_texts_left_out() -> None:
    sample = a_sample(
        TextInstance(box(300, 40)),
        TextInstance(box(20, 300)),
        TextInstance(box(300, 50), ignore=True),
        TextInstance(np.full((4, 2), np.nan)),
        TextInstance(box(300, 60)[:2]),
    )
    np.testing.assert_allclose(losses.relative_heights([sample]), [0.02, 0.01])


def test_heights_are_summed_up_in_pixels() -> None:
    found = losses.describe_heights(np.array([3.0, 4.0, 7.9, 8.0, 30.0]))
    assert found == {"median_px": 7.9, "below_8_share": 0.6, "below_4_share": 0.2}
    nothing = losses.describe_heights(np.empty(0))
    assert nothing == {"median_px": None, "below_8_share": None, "below_4_share": None}


def test_differences_are_counted_both_ways() -> None:
    one, other = np.uint8([[[0, 10, 255]]]), np.uint8([[[3, 10, 0]]])
    for counts in (losses.count_differences(one, other), losses.count_differences(other, one)):
        assert {level: n for level, n in enumerate(counts) if n} == {0: 1, 3: 1, 255: 1}


def test_differences_of_several_images_are_summed_up_together() -> None:
    few, many = np.zeros(256, np.int64), np.zeros(256, np.int64)
    few[[0, 200]] = 1
    many[[0, 2]] = 900, 98
    found = losses.describe_differences([few, None, many])
    assert found["images"] == 2
    assert found["refused"] == 1
    assert found["mean"] == pytest.approx((200 + 2 * 98) / 1000)
    assert (found["p99"], found["max"]) == (2, 200)
    assert losses.describe_differences([None]) == {
        "images": 0,
        "refused": 1,
        **dict.fromkeys(("mean", "p99", "max")),
    }


def test_places_are_spread_over_the_index() -> None:
    assert losses.spread_places(10, 5) == [0, 2, 4, 6, 8]
    assert losses.spread_places(3, 5) == [0, 1, 2]
    assert losses.spread_places(0, 5) == []


def test_the_careful_way_is_no_grey_level_from_itself(tmp_path: Path) -> None:
    sample = make_samples(tmp_path, 1)[0]
    same, other = losses.compare_sample(sample, [(CAREFUL, 64), (Way("pillow", "opencv"), 64)])
    assert same is not None
    assert other is not None
    picture = 3 * 64 * round(64 * sample.width / sample.height)  # padding is not counted
    assert same.sum() == same[0] == other.sum() == picture
    assert other[1:].sum() > 0


def silent(done: int, total: int) -> None:
    assert done <= total


def measured(index: Path) -> dict[str, Any]:
    return losses.measure_losses("tiny", index, [48, 640], silent)


def test_every_size_and_way_is_told(tmp_path: Path) -> None:
    found = measured(make_index(tmp_path, 5))
    sides = [*sorted(SIZES, reverse=True), 48]
    assert (found["samples"], found["texts"]) == (5, 5)
    assert [row["size"] for row in found["heights"]] == sides
    medians = [row["median_px"] for row in found["heights"]]
    np.testing.assert_allclose(np.array(medians) / sides, 24 / 160)
    told = [(row["size"], row["decoder"], row["transform"]) for row in found["ways"]]
    assert told == [(side, *way) for side in sides for way in WAYS]
    assert {row["images"] for row in found["ways"]} == {5}
    assert all(0 <= row["mean"] <= row["p99"] <= row["max"] for row in found["ways"])
    json.dumps(found, allow_nan=False)


def test_an_image_that_a_decoder_does_not_read_is_told(tmp_path: Path) -> None:
    samples = make_samples(tmp_path, 2)
    path = samples[0].image_path.with_suffix(".png")
    Image.open(samples[0].image_path).save(path)
    png = Sample(path.name, path, samples[0].width, samples[0].height, samples[0].instances)
    index = tmp_path / "mixed.parquet"
    write_index(index, [png, samples[1]])
    rows = {row["decoder"]: row for row in measured(index)["ways"]}
    assert (rows["simplejpeg_scaled"]["images"], rows["simplejpeg_scaled"]["refused"]) == (1, 1)
    assert (rows["pillow"]["images"], rows["pillow"]["refused"]) == (2, 0)


def test_the_verb_writes_them(tmp_path: Path) -> None:
    index, output = make_index(tmp_path, 2), tmp_path / "losses.json"
    flags = ["--dataset", "tiny", "--targets", '{"image_size": 96}']
    done = CliRunner().invoke(feedrate, ["measure-losses", *flags, str(index), str(output)])
    assert done.exception is None, done.exception
    found = json.loads(output.read_text())
    assert {row["size"] for row in found["ways"]} == {*SIZES, 96}


def test_the_rule_is_made_again_when_a_plugin_that_is_compared_changes() -> None:
    text = RULE.read_text(encoding="utf-8")
    for kind, place in (("decoders", 0), ("transforms", 1)):
        for way in (CAREFUL, *WAYS):
            module = target_of(kind, way[place].partition(":")[0]).partition(":")[0]
            assert f'"{module.rpartition(".")[2]}"' in text
            assert f"feedrate.{kind}." in text


def content(**heights: float | None) -> dict[str, Any]:
    row = {"size": 640, "median_px": 14.25, "below_8_share": 0.034, "below_4_share": 0.0}
    ways = [
        {"decoder": "pillow", "transform": "opencv", "mean": 1.083, "p99": 12, "max": 177},
        {
            "decoder": "simplejpeg_scaled",
            "transform": "opencv",
            "mean": None,
            "p99": None,
            "max": None,
        },
    ]
    return {
        "texts": 0 if None in heights.values() else 33,
        "careful": {"decoder": "pillow", "transform": "opencv:area"},
        "heights": [row | heights],
        "ways": [{**way, "size": 640, "images": 32, "refused": 0} for way in ways],
    }


def test_the_section_says_what_was_measured() -> None:
    view = view_losses(content())
    assert view.sentences == [
        "At 640 px the median of 33 texts is 14.2 px high; 3.4 % are below 8 px, 0 % below 4 px.",
        "The usual resize to 640 px is 1.08 grey levels from the careful one on average, and one"
        " value in a hundred by 12 or more.",
    ]
    assert view.heights == [["640 px", "14.2 px", "3.4 %", "0 %"]]
    assert view.ways == [
        ["pillow", "opencv", "32", "1.08 / 12 / 177"],
        ["simplejpeg_scaled", "opencv", "32", "\N{EN DASH}"],
    ]
    page = fill("losses.html.j2", losses=view, name="receipts")
    for told in ("14.2 px", "1.08 / 12 / 177", "pillow, opencv:area"):
        assert told in page


def test_a_resize_that_loses_nothing_is_said_to() -> None:
    same = content()
    same["ways"][0] |= {"mean": 0.0, "p99": 0, "max": 0}
    assert view_losses(same).sentences[1:] == [
        "The usual resize to 640 px gives the very pixels of the careful one."
    ]


def test_a_dataset_without_texts_has_no_height() -> None:
    view = view_losses(content(median_px=None, below_8_share=None, below_4_share=None))
    assert view.heights == [["640 px", *["\N{EN DASH}"] * 3]]
    assert [text[:9] for text in view.sentences] == ["The usual"]
