"""Repair: what it claims to mend is mended, nothing else is touched, and every change is told."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from feedrate.cli.repairing import repair
from feedrate.formats.seed_json import read as read_json
from feedrate.registry import resolve
from feedrate.repair import (
    ACTIONS,
    Options,
    Repaired,
    Row,
    repair_annotations,
    repair_dataset,
    write_repaired,
)
from feedrate.repair.clipping import clip
from feedrate.repair.dropping import drop_useless
from feedrate.repair.frames import carry_back, read_orientation, turned_size
from feedrate.repair.mending import mend
from feedrate.repair.ordering import run_clockwise, untangle
from feedrate.repair.outlines import enclosed_area, is_simple
from feedrate.repair.rows import show
from feedrate.repair.samples import repair_sample
from feedrate.sample import Finding, Polygon, Sample, TextInstance
from feedrate.validation.outlines import measure
from feedrate.validation.polygons import check_polygons

DATA = Path(os.environ.get("FEEDRATE_DATA", Path(__file__).parents[3] / "shared" / "data"))
DOCS = Path(__file__).parents[2] / "docs" / "repair.md"
SIZE = (100, 80)
ORIENTATIONS = range(2, 9)
THOROUGH = 120

numbers = st.one_of(
    st.integers(-30, 130).map(float), st.floats(-30, 130, allow_subnormal=False), st.just(-0.0)
)
usual = st.lists(st.tuples(numbers, numbers), max_size=8)
absurd = st.sampled_from([float("nan"), float("inf"), 1e12, -1e300])
odd = st.lists(st.tuples(st.one_of(numbers, absurd), numbers), max_size=5)
outlines = st.one_of(usual, usual, odd).map(lambda points: np.array(points, float).reshape(-1, 2))
annotations = st.lists(st.tuples(outlines, st.booleans()), max_size=5)


def polygon(*points: tuple[float, float]) -> Polygon:
    return np.array(points, float).reshape(-1, 2)


BOX = polygon((10, 10), (60, 10), (60, 30), (10, 30))
OUT = np.add(BOX, (60, 0))


def sample(*outlines: Polygon, key: str = "a.jpg", **more: object) -> Sample:
    instances = tuple(TextInstance(outline) for outline in outlines)
    return Sample(key, Path(key), *SIZE, **{"instances": instances, "annotation": "a.txt"} | more)


def repaired(of: Sample, orientation: int = 1, **options: object) -> Repaired:
    return repair_sample(of, orientation, Options(**options))


def outlines_of(done: Repaired) -> list[list[list[float]]]:
    assert done.sample is not None
    return [item.polygon.tolist() for item in done.sample.instances]


def actions(rows: tuple[Row, ...]) -> list[tuple[str, str]]:
    return [(row.action, row.check) for row in rows]


def parts(outcome: object) -> list[list[list[float]]]:
    return [part.tolist() for part in outcome.parts]


# Clip


def test_a_box_is_cut_at_the_edge_and_begins_where_it_began():
    outcome = clip(polygon((-5, 10), (120, 10), (120, 90), (-5, 90)), SIZE)
    assert parts(outcome) == [[[0, 10], [99, 10], [99, 79], [0, 79]]]
    assert outcome.check == "out_of_frame"
    assert "21 px outside of 100 x 80" in outcome.reason


def test_the_edges_inside_stay_where_they_were():
    # Clamping the point at (-20, 50) would move the lower edge by 16 px at x = 0.
    (cut,) = clip(polygon((40, 20), (40, 50), (-20, 80), (-20, 20)), SIZE).parts
    assert cut.tolist() == [[40, 20], [40, 50], [0, 70], [0, 20]]


def test_within_the_tolerance_nothing_is_clipped():
    assert clip(polygon((-1, -1), (100, -1), (100, 80), (-1, 80)), SIZE) is None
    assert clip(polygon((-1.01, 0), (50, 0), (50, 9)), SIZE) is not None


def test_each_visible_part_becomes_a_text_and_keeps_what_is_known_of_it():
    bridge = polygon((10, 70), (30, 70), (30, 90), (60, 90), (60, 70), (80, 70), (80, 95), (10, 95))
    of = sample(instances=(TextInstance(bridge, ignore=True, text="arch"),))
    done = repaired(of)
    assert outlines_of(done) == [
        [[10, 70], [30, 70], [30, 79], [10, 79]],
        [[60, 70], [80, 70], [80, 79], [60, 79]],
    ]
    assert [(item.ignore, item.text) for item in done.sample.instances] == [(True, "arch")] * 2
    (row,) = done.rows
    assert row.after == "10,70 30,70 30,79 10,79 | 60,70 80,70 80,79 60,79"


def test_what_is_wholly_outside_is_gone_and_the_row_says_so():
    done = repaired(sample(BOX, BOX + 200))
    assert outlines_of(done) == [BOX.tolist()]
    assert done.rows == (
        Row(
            key="a.jpg",
            location="a.txt: instance 2",
            action="clip",
            check="out_of_frame",
            before="210,210 260,210 260,230 210,230",
            after="",
            reason="161 px outside of 100 x 80; nothing of it is in the image",
        ),
    )


def test_a_number_that_no_picture_could_hold_is_left_alone():
    done = repaired(sample(polygon((5, 5), (1e12, 5), (50, 20), (5, 20))))
    assert actions(done.rows) == [("left_alone", "out_of_frame")]


# Reorder


def test_counter_clockwise_becomes_clockwise_from_the_same_point():
    outcome = run_clockwise(BOX[[0, 3, 2, 1]], SIZE)
    assert parts(outcome) == [BOX.tolist()]
    assert run_clockwise(BOX, SIZE) is None


def test_a_closed_outline_stays_closed():
    closed = polygon((0, 0), (0, 9), (9, 9), (0, 0))
    assert parts(run_clockwise(closed, SIZE)) == [closed[::-1].tolist()]


@pytest.mark.parametrize("order", [(0, 2, 1, 3), (1, 3, 2, 0), (0, 1, 3, 2), (3, 2, 0, 1)])
def test_a_tangled_quad_is_untangled_from_its_top_left_point(order):
    slanted = polygon((12, 10), (60, 14), (58, 40), (10, 36))
    assert parts(untangle(slanted[list(order)], SIZE)) == [slanted.tolist()]
    assert untangle(slanted, SIZE) is None


def test_a_quad_that_touches_itself_is_unfolded():
    spike = polygon((0, 0), (40, 0), (20, 0), (20, 30))
    assert parts(untangle(spike, SIZE)) == [[[0, 0], [20, 0], [40, 0], [20, 30]]]


whole = st.integers(0, 9).map(float)


@given(st.lists(st.tuples(whole, whole), min_size=4, max_size=4))
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
def test_every_quad_that_encloses_something_has_an_order(points):
    quad = polygon(*points)
    outcome = untangle(quad, SIZE)
    if is_simple(quad) or enclosed_area(quad) < 1:
        assert outcome is None
        return
    (ordered,) = outcome.parts
    assert is_simple(ordered)
    assert sorted(ordered.tolist()) == sorted(quad.tolist())
    assert ordered[0].sum() == quad.sum(axis=1).min()


# Mend


def test_a_tiny_loop_is_cut_off_and_the_other_points_stay():
    line = polygon((0, 0), (50, 0), (50, 20), (49, 20), (50, 19.5), (0, 20))
    (mended,) = mend(line, SIZE).parts
    assert mended[:2].tolist() == [[0, 0], [50, 0]]
    assert repaired(sample(mended)).rows == ()


def test_a_spike_is_cut_off():
    spiked = polygon((0, 0), (30, 0), (30, 9), (70, 9), (30, 9), (30, 20), (0, 20))
    (mended,) = mend(spiked, SIZE).parts
    assert mended.max(axis=0).tolist() == [30, 20]


def test_an_outline_of_two_loops_is_left_alone_whatever_else_it_has():
    eight = polygon((0, 0), (40, 30), (40, 0), (0, 30), (-20, 15))
    done = repaired(sample(eight))
    assert actions(done.rows) == [("left_alone", "self_crossing")]
    assert "not one text?" in done.rows[0].reason
    assert outlines_of(done) == [eight.tolist()]


# Drop


@pytest.mark.parametrize(
    ("points", "check"),
    [
        ([], "fewer_than_3_points"),
        ([(1, 1), (9, 9)], "fewer_than_3_points"),
        ([(1, 1), (9, float("nan")), (1, 9)], "not_finite"),
        ([(1, 1), (9, float("inf")), (1, 9)], "not_finite"),
        ([(5, 5), (5, 5), (5, 5)], "zero_area"),
        ([(5, 5), (50, 5), (5, 5)], "zero_area"),
        ([(5, 5), (50, 5), (20, 5), (70, 5)], "zero_area"),
        ([(5, 5), (6, 5), (6, 5.9), (5, 5.9)], "zero_area"),
    ],
)
def test_what_encloses_nothing_is_dropped(points, check):
    done = repaired(sample(polygon(*points), BOX))
    assert actions(done.rows) == [("drop", check)]
    assert outlines_of(done) == [BOX.tolist()]


def test_an_eight_whose_loops_cancel_is_a_text_all_the_same():
    eight = polygon((10, 10), (60, 10), (10, 40), (60, 40))
    assert drop_useless(eight, SIZE) is None


def test_of_equal_outlines_the_first_stays_wherever_they_begin():
    items = (TextInstance(BOX, text="A"), TextInstance(np.roll(BOX, 1, axis=0), text="B"))
    done = repaired(sample(instances=items))
    assert actions(done.rows) == [("drop", "duplicate_polygon")]
    assert done.rows[0].reason == "the outline of instance 1; its text was 'B'"
    assert [item.text for item in done.sample.instances] == ["A"]


def test_equal_outlines_of_which_one_is_ignored_are_left_alone():
    done = repaired(sample(instances=(TextInstance(BOX), TextInstance(BOX, ignore=True))))
    assert actions(done.rows) == [("left_alone", "duplicate_polygon")]
    assert len(done.sample.instances) == 2


# Turn


def tagged(folder: Path, pixels: np.ndarray, orientation: int) -> Path:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = folder / f"{orientation}.png"
    Image.fromarray(pixels).save(path, exif=exif)
    return path


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_text_marked_in_the_turned_picture_comes_to_lie_on_the_same_pixels(tmp_path, orientation):
    stored = np.zeros((80, 100), np.uint8)
    ImageDraw.Draw(canvas := Image.fromarray(stored)).polygon([(3, 5), (41, 9), (30, 33)], 255)
    path = tagged(tmp_path, np.asarray(canvas), orientation)
    assert read_orientation(path) == orientation
    with Image.open(path) as image:
        turned = np.asarray(ImageOps.exif_transpose(image))
        stored = np.asarray(image)
    assert turned.shape[::-1] == turned_size(SIZE, orientation)
    points = np.argwhere(turned)[:, ::-1].astype(float)
    carried = carry_back(points, SIZE, orientation)
    assert {(x, y) for x, y in carried.tolist()} == {
        (x, y) for x, y in np.argwhere(stored)[:, ::-1].tolist()
    }


@given(st.sampled_from(ORIENTATIONS), st.integers(1, 9), st.integers(1, 9), st.data())
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_carrying_back_undoes_what_pillow_does(orientation, width, height, data):
    ids = np.arange(width * height, dtype=np.int32).reshape(height, width)
    image = Image.fromarray(ids)
    image.getexif()[0x0112] = orientation
    turned = np.asarray(ImageOps.exif_transpose(image))
    v = data.draw(st.integers(0, turned.shape[0] - 1))
    u = data.draw(st.integers(0, turned.shape[1] - 1))
    ((x, y),) = carry_back(polygon((u, v)), (width, height), orientation).astype(int)
    assert ids[y, x] == turned[v, u]


TALL = polygon((10, 20), (40, 20), (40, 95), (10, 95))
"""Fits 80 x 100, the frame of `SIZE` turned, alone."""


def test_polygons_that_fit_only_the_turned_frame_are_carried_back():
    done = repaired(sample(TALL), orientation=6)
    assert outlines_of(done) == [[[20, 69], [20, 39], [95, 39], [95, 69]]]
    assert done.sample.declared_size == SIZE
    (row,) = done.rows
    assert (row.action, row.check) == ("turn", "exif_orientation")
    assert (row.before, row.after) == ("in 80 x 100", "in 100 x 80")


def test_a_stated_size_tells_the_frame():
    done = repaired(sample(BOX, declared_size=(80, 100)), orientation=8)
    assert actions(done.rows) == [("turn", "exif_orientation")]
    done = repaired(sample(BOX, declared_size=SIZE), orientation=8)
    assert actions(done.rows) == [("left_alone", "exif_unturned")]
    assert outlines_of(done) == [BOX.tolist()]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_what_fits_both_frames_is_left_alone_until_the_user_says(orientation):
    done = repaired(sample(BOX), orientation)
    assert actions(done.rows) == [("left_alone", "exif_orientation")]
    assert done.sample.declared_size is None
    assert outlines_of(done) == [BOX.tolist()]
    said = repaired(sample(BOX), orientation, exif_frame="turned", actions=frozenset({"turn"}))
    assert said.rows[0].action == "turn"
    assert outlines_of(said) == [carry_back(BOX, SIZE, orientation).tolist()]
    kept = repaired(sample(BOX), orientation, exif_frame="stored")
    assert outlines_of(kept) == [BOX.tolist()]
    assert kept.sample.declared_size == SIZE


def test_without_a_known_frame_nothing_is_clipped():
    out = np.add(BOX, (70, 0))
    assert actions(repaired(sample(out), 3).rows) == [("left_alone", "exif_orientation")]
    mismatch = repaired(sample(out, declared_size=(200, 160)))
    assert actions(mismatch.rows) == [("left_alone", "size_mismatch")]
    assert mismatch.sample.declared_size == (200, 160)
    unknown = repaired(Sample("a", Path("a"), 0, 0, (TextInstance(out),)))
    assert actions(unknown.rows) == [("left_alone", "unreadable_image")]
    empty = repaired(sample(), 6)
    assert "no polygon tells" in empty.rows[0].reason


def test_what_the_user_says_does_not_beat_a_stated_size():
    done = repaired(sample(BOX, declared_size=SIZE), 6, exif_frame="turned")
    assert actions(done.rows) == [("left_alone", "exif_orientation")]
    assert outlines_of(done) == [BOX.tolist()]


# A dataset


def test_of_two_annotations_that_agree_the_first_is_kept():
    (done,) = repair_dataset([sample(OUT), sample(OUT, annotation="b.txt")])
    assert actions(done.rows) == [("clip", "out_of_frame"), ("drop", "annotated_twice")]
    assert done.rows[1].location == "b.txt"
    assert len(done.sample.instances) == 1


def test_an_image_whose_annotations_differ_is_left_out():
    samples = [sample(BOX), sample(BOX, annotation="b.txt"), sample(BOX + 1, annotation="c.txt")]
    done, other = repair_dataset([*samples, sample(BOX, key="b.jpg")])
    assert done.sample is None
    assert [row[1:5] for row in done.rows] == [
        (f"{name}.txt", "leave_out", "annotated_differently", "1 instances") for name in "abc"
    ]
    assert other.sample is not None


def test_annotations_of_an_image_must_follow_each_other():
    samples = [sample(BOX), sample(BOX, key="b.jpg"), sample(BOX)]
    with pytest.raises(ValueError, match=r"a\.jpg: its annotations must follow each other"):
        list(repair_dataset(samples))


def test_an_image_of_which_a_line_was_not_read_is_left_out():
    findings = [
        Finding("a.jpg", "bad_annotation", "error", "no 8 numbers", "a.txt:3"),
        Finding("b.jpg", "crlf", "info", "lines end in CR LF", "b.txt"),
        Finding("c.jpg", "missing_image", "error", "no image of this name", "c.txt"),
        Finding("d.jpg", "missing_annotation", "error", "no gt_d.txt"),
    ]
    done = list(repair_dataset([sample(BOX), sample(BOX, key="b.jpg")], findings))
    assert [item.sample.key for item in done if item.sample] == ["b.jpg"]
    assert [row for item in done for row in item.rows] == [
        Row("a.jpg", "a.txt:3", "leave_out", "bad_annotation", "", "", "no 8 numbers"),
        Row("c.jpg", "c.txt", "leave_out", "missing_image", "", "", "no image of this name"),
        Row("d.jpg", "d.jpg", "left_alone", "missing_annotation", "", "", "no gt_d.txt"),
    ]


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_that_is_switched_off_changes_nothing_and_is_told(action):
    faulty = {
        "turn": TALL,
        "reorder": BOX[::-1],
        "mend": polygon((0, 0), (30, 0), (30, 9), (70, 9), (30, 9), (30, 20), (0, 20)),
        "clip": OUT,
        "drop": polygon((5, 5), (5, 5), (5, 5)),
    }[action]
    orientation = 6 if action == "turn" else 1
    done = repaired(sample(faulty), orientation)
    assert [row.action for row in done.rows] == [action]
    off = repaired(sample(faulty), orientation, actions=frozenset(ACTIONS) - {action})
    assert [row.action for row in off.rows] == ["left_alone"]
    assert off.rows[0].reason.endswith(f"; {action} is switched off")
    assert outlines_of(off) == [faulty.tolist()]


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="actions: 'clipp' is unknown; known are turn, reorder"):
        Options(frozenset({"clip", "clipp"}))
    with pytest.raises(ValueError, match="exif_frame: 'up' is unknown; known are auto, stored"):
        Options(exif_frame="up")


# Whatever comes in


def to_sample(drawn: list[tuple[Polygon, bool]]) -> Sample:
    return sample(instances=tuple(TextInstance(outline, ignore) for outline, ignore in drawn))


def exactly(of: Sample) -> list[tuple[list[str], bool, str]]:
    return [
        ([float(x).hex() for x in item.polygon.ravel()], item.ignore, item.text)
        for item in of.instances
    ]


@given(annotations, st.sampled_from([1, 1, 3, 6]))
@settings(max_examples=THOROUGH, deadline=None, derandomize=True, database=None)
def test_a_second_repair_changes_nothing(drawn, orientation):
    of = to_sample(drawn)
    before = exactly(of)
    once = repaired(of, orientation)
    again = repaired(once.sample, orientation)
    assert {row.action for row in again.rows} <= {"left_alone"}
    assert exactly(again.sample) == exactly(once.sample)
    assert exactly(of) == before, "the sample that came in was changed"


@given(annotations)
@settings(max_examples=THOROUGH, deadline=None, derandomize=True, database=None)
def test_no_check_finds_what_a_repair_claims_to_mend(drawn):
    done = repaired(to_sample(drawn))
    rows = [row for row in done.rows if row.action == "left_alone"]
    assert {row.check for row in rows} <= {"self_crossing", "duplicate_polygon", "out_of_frame"}
    left = {row.before for row in rows}
    sound = [item for item in done.sample.instances if show(item.polygon) not in left]
    measured = measure([item.polygon for item in sound])
    found = check_polygons(sample(instances=tuple(sound)), measured, SIZE)
    assert {check for check, _, _ in found} <= {"not_convex"}


corner = st.tuples(st.floats(0, 40), st.floats(0, 30))
extent = st.tuples(st.floats(2, 59), st.floats(2, 49))


@given(st.lists(st.tuples(corner, extent, st.booleans()), max_size=4, unique_by=lambda x: x[:2]))
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_a_sound_annotation_stays_as_it_is_bit_for_bit(drawn):
    boxes = [
        (polygon((x, y), (x + w, y), (x + w, y + h), (x, y + h)), ignore)
        for (x, y), (w, h), ignore in drawn
    ]
    of = to_sample(boxes)
    done = repaired(of)
    assert done.rows == ()
    assert exactly(done.sample) == exactly(of)


# Files


def dataset(folder: Path) -> tuple[Path, Path]:
    """Two pictures of which one has faults, in a subfolder with an accent."""
    images, annotations = folder / "images", folder / "labels.json"
    (images / "été, 1").mkdir(parents=True)
    for name in ("été, 1/a.png", "b.png"):
        Image.new("L", SIZE).save(images / name)
    faulty = [{"points": (OUT).tolist(), "text": 'said "été"', "ignore": True}]
    words = {"été, 1/a.png": faulty, "b.png": [{"points": BOX.tolist()}]}
    entries = {
        name: {"words": {str(number): word for number, word in enumerate(of)}}
        for name, of in words.items()
    }
    annotations.write_text(json.dumps({"images": entries}), encoding="utf-8")
    return images, annotations


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_output_is_read_like_any_dataset_and_the_original_is_untouched(tmp_path):
    images, annotations = dataset(tmp_path)
    before = hashes(tmp_path)
    summary = repair_annotations(read_json, images, annotations, tmp_path / "out")
    assert (summary.images, summary.instances, summary.changed) == (2, 2, 1)
    after = hashes(tmp_path)
    assert {name: after.pop(f"out/{name}") for name in ("annotations.json", "repairs.csv")}
    assert after == before
    second, first = list(read_json(images, tmp_path / "out" / "annotations.json"))
    assert (first.key, first.declared_size) == ("été, 1/a.png", SIZE)
    (item,) = first.instances
    assert (item.text, item.ignore) == ('said "été"', True)
    assert item.polygon.tolist() == [[70, 10], [99, 10], [99, 30], [70, 30]]
    assert second.instances[0].polygon.tolist() == BOX.tolist()
    with (tmp_path / "out" / "repairs.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["key", "location", "action", "check", "before", "after", "reason"]
    assert [row[:1] + row[2:4] for row in rows[1:]] == [["été, 1/a.png", "clip", "out_of_frame"]]
    again = repair_annotations(
        read_json, images, tmp_path / "out" / "annotations.json", tmp_path / "again"
    )
    assert again.changed == 0
    assert (
        hashes(tmp_path / "again")["annotations.json"]
        == hashes(tmp_path / "out")["annotations.json"]
    )


def test_an_output_that_would_touch_something_is_refused(tmp_path):
    images, annotations = dataset(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "link").symlink_to(images)
    before = hashes(tmp_path)
    for output, why in [
        (tmp_path / "full", "exists and is no empty folder"),
        (annotations, "exists and is no empty folder"),
        (images, "lies in"),
        (images / "new" / "deep", "lies in"),
        (tmp_path / "link" / "new", "lies in"),
        (tmp_path / "full" / ".." / "images" / "new", "lies in"),
    ]:
        with pytest.raises(ValueError, match=why) as refused:
            repair_annotations(read_json, images, annotations, output)
        assert "\n" not in str(refused.value)
    assert hashes(tmp_path) == before
    (tmp_path / "empty").mkdir()
    assert repair_annotations(read_json, images, annotations, tmp_path / "empty").images == 2


def test_what_fails_half_way_leaves_nothing(tmp_path):
    def failing():
        yield Repaired(sample(BOX))
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        write_repaired(tmp_path / "out", failing())
    with pytest.raises(ValueError, match="no annotated image is left; found: nothing;"):
        write_repaired(tmp_path / "out", [])
    assert list(tmp_path.iterdir()) == []


def run(*arguments: object) -> str:
    done = CliRunner().invoke(repair, [str(argument) for argument in arguments])
    if done.exception:
        raise done.exception
    return done.stdout


def test_the_verb_says_in_a_paragraph_what_was_done(tmp_path):
    images, annotations = dataset(tmp_path)
    place = ("--format", "seed_json", "--images", images, "--annotations", annotations)
    out = tmp_path / "out"
    assert run(*place, "--output", out) == (
        f"{out}/annotations.json: 2 images with 2 texts. Changes, in 1 of them: 1 clip"
        " (out_of_frame). Left out: nothing. Left alone: nothing."
        f" All of it, with reasons: {out}/repairs.csv. The original is as it was.\n"
    )
    off = run(*place, "--output", tmp_path / "off", "--actions", "drop, reorder")
    assert "Left alone: 1 out_of_frame." in off
    with pytest.raises(ValueError, match="'cut' is unknown"):
        run(*place, "--output", tmp_path / "not", "--actions", "cut")


def test_the_verb_finds_out_where_a_dataset_lies(tmp_path):
    dataset(tmp_path / "mine")
    assert "2 images with 2 texts" in run(tmp_path / "mine", "--output", tmp_path / "out")
    with pytest.raises(ValueError, match=r"lies in .*mine, which is not touched; name another"):
        run(tmp_path / "mine", "--output", tmp_path / "mine" / "out")


def test_the_example_of_the_how_to_is_real(tmp_path):
    blocks = dict(re.findall(r"<!-- (\w+) -->\n```\w+\n(.*?)```", DOCS.read_text("utf-8"), re.S))
    (tmp_path / "images").mkdir()
    Image.new("RGB", (640, 480), "white").save(tmp_path / "images" / "till.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (640, 480), "white").save(tmp_path / "images" / "phone.jpg", exif=exif)
    (tmp_path / "labels.json").write_text(blocks["labels"], encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        _, verb, *flags = blocks["command"].split()
        assert verb == "repair"
        assert run(*flags) == blocks["summary"].replace("\n", " ").rstrip() + "\n"
    assert (tmp_path / "mended" / "annotations.json").read_text("utf-8") == blocks["annotations"]
    assert (tmp_path / "mended" / "repairs.csv").read_text("utf-8") == blocks["repairs"]


# Real data


@pytest.mark.parametrize(
    ("name", "folders", "images", "texts", "rows"),
    [
        ("icdar", ("icdar2015/icdar_c4_train_imgs", "icdar2015/gts"), 119, 1602, {}),
        ("mmocr", ("mmocr_toy/det_toy_dataset",) * 2, 10, 82, {}),
        (
            "alto",
            ("gallicorpora_16e/data",) * 2,
            9,
            220,
            {
                ("drop", "annotated_twice"): 9,
                ("mend", "self_crossing"): 3,
                ("left_alone", "self_crossing"): 1,
                ("reorder", "vertex_order"): 1,
            },
        ),
        (
            "alto",
            ("tapuscorpus/data",) * 2,
            6,
            164,
            {("drop", "zero_area"): 1, ("reorder", "vertex_order"): 17},
        ),
    ],
)
def test_real_datasets(name, folders, images, texts, rows, tmp_path):
    places = [DATA / folder for folder in folders]
    if not all(place.exists() for place in places):
        pytest.skip(f"{places[0]} is not there: set FEEDRATE_DATA")
    read = resolve("formats", name)
    if name == "mmocr":
        places[1] /= "textdet_test.json"
    summary = repair_annotations(read, *places, tmp_path / "once")
    assert (summary.images, summary.instances) == (images, texts)
    assert dict(summary.rows) == rows
    again = repair_annotations(
        read_json, places[0], tmp_path / "once" / "annotations.json", tmp_path / "twice"
    )
    assert again.changed == 0
    assert (
        hashes(tmp_path / "once")["annotations.json"]
        == hashes(tmp_path / "twice")["annotations.json"]
    )


def test_a_shortened_copy_beside_a_page_is_not_taken_for_it(tmp_path):
    folder = DATA / "kraken_xml"
    if not folder.exists():
        pytest.skip(f"{folder} is not there: set FEEDRATE_DATA")
    read = resolve("formats", "page")(folder, folder)
    samples = [item for item in read if isinstance(item, Sample)]
    (done,) = repair_dataset(samples)
    assert done.sample is None
    assert [row.before for row in done.rows] == ["5 instances", "44 instances"]
    with pytest.raises(ValueError, match="2 annotated_differently"):
        repair_annotations(resolve("formats", "page"), folder, folder, tmp_path / "out")


def test_a_real_photograph_that_viewers_turn():
    path = DATA / "odd_images" / "exif-orientation-examples" / "Landscape_6.jpg"
    if not path.exists():
        pytest.skip(f"{path} is not there: set FEEDRATE_DATA")
    with Image.open(path) as image:
        stored = np.asarray(image)
        turned = np.asarray(ImageOps.exif_transpose(image))
    left, top, right, bottom = 1300, 100, 1700, 300
    seen = polygon((left, top), (right, top), (right, bottom), (left, bottom))
    of = Sample("a", path, stored.shape[1], stored.shape[0], (TextInstance(seen),))
    (done,) = repair_dataset([of])
    assert [row.action for row in done.rows] == ["turn"]
    (x0, y0), (x1, y1) = np.array(
        [done.sample.instances[0].polygon.min(axis=0), done.sample.instances[0].polygon.max(axis=0)]
    ).astype(int)
    text = turned[top : bottom + 1, left : right + 1]
    np.testing.assert_array_equal(np.rot90(stored[y0 : y1 + 1, x0 : x1 + 1], -1), text)


def test_clean_receipts_come_out_as_they_went_in():
    boxes, images = DATA / "sroie" / "box", DATA / "sroie" / "img"
    if not boxes.exists():
        pytest.skip(f"{boxes} is not there: set FEEDRATE_DATA")
    read = resolve("formats", "sroie")
    samples = [item for item in read(images, boxes) if isinstance(item, Sample)][:60]
    for of, done in zip(samples, repair_dataset(samples), strict=True):
        assert done.rows == ()
        assert exactly(done.sample) == exactly(of)
