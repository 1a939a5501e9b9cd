"""The benchmark of the decoders: what it counts, compares and prints, and what it cannot have."""

from __future__ import annotations

import ctypes
import json
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from studies import build_study
from tiny import make_index, make_samples

from feedrate.cli import feedrate
from feedrate.decoders import nvimgcodec, pillow, turbojpeg
from feedrate.index import write_index
from feedrate.intervals import MIN_PAIRS
from feedrate.registry import names
from feedrate.report.decoders import view_decoders
from feedrate.report.extras import build_extras
from feedrate.report.templates import fill
from feedrate.sample import Sample
from feedrate.speed import decoders as bench
from feedrate.speed.decoder_table import HEAD, cells, decoder_table_text, scales_text
from feedrate.speed.decoders import Setting, bench_decoders, compare_times, scale_of
from feedrate.speed.differences import Differences, shrink_like
from feedrate.speed.libraries import libjpeg_of, version_of
from feedrate.speed.stalls import judge_stall, longest_gap, measure_stall
from feedrate.witness import ENTRY_POINTS

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:turbojpeg")
ALWAYS = ("pillow", "opencv", "simplejpeg")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One round of single calls: what is tested is not how long they take."""
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "SHORTEST_MS", 0)


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """A decoder of the user's own: the first pixel of each image is one brighter."""

    def decode(data: bytes, at_least: int | None = None) -> np.ndarray:
        image = pillow.decode(data).copy()
        image[0, 0] += 1
        return image

    module = ModuleType("mine")
    module.decode = decode  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mine", module)
    return {"decoders": {"mine": "mine:decode"}}


def rows_of(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["decoder"]: row for row in result["decoders"]}


@pytest.mark.usefixtures("quick")
def test_every_decoder_has_a_row_or_a_reason(
    tmp_path: Path, mine: dict[str, dict[str, str]]
) -> None:
    told: list[tuple[int, int]] = []
    index = make_index(tmp_path, MIN_PAIRS)
    setting = Setting(images=100, at_least=80, seed=1, plugins=mine)
    result = bench_decoders("tiny", index, setting, lambda *at: told.append(at))
    rows = rows_of(result)
    assert set(rows) | set(result["unavailable"]) == set(names("decoders", mine))
    assert not set(rows) & set(result["unavailable"])
    assert all(result["unavailable"].values())
    assert told[-1] == (MIN_PAIRS, MIN_PAIRS)
    assert result["images"] == MIN_PAIRS
    assert result["megapixels"][0] == pytest.approx(120 * 160 / 1e6)
    json.dumps(result, allow_nan=False)

    for name in ALWAYS:
        assert rows[name]["difference"] == {"max": 0, "mean": 0, "share": 0, "images_apart": 0}
        assert rows[name]["scales"] == {"1": MIN_PAIRS}
    assert rows["pillow"]["cpu"]["ratio"] == rows["pillow"]["cpu"]["low"] == 1
    for name in ("pillow_draft", "opencv_reduced", "simplejpeg_scaled"):
        assert rows[name]["scales"] == {"1/2": MIN_PAIRS}
        assert rows[name]["difference"]["mean"] > 0
    for row in rows.values():
        assert row["images"] == MIN_PAIRS
        assert row["cpu"]["low"] <= row["cpu"]["ratio"] <= row["cpu"]["high"]
        assert 0 <= row["stall"] <= 1

    difference = rows["mine"]["difference"]
    assert (difference["max"], difference["images_apart"]) == (1, MIN_PAIRS)
    pixels = sum(result["megapixels"]) * 1e6
    assert difference["share"] == pytest.approx(MIN_PAIRS / pixels)
    assert difference["mean"] == pytest.approx(MIN_PAIRS / pixels)
    assert rows["mine"]["version"].startswith("unknown")


@pytest.mark.usefixtures("quick")
def test_what_a_decoder_refuses_is_counted_and_said(tmp_path: Path) -> None:
    first, second = make_samples(tmp_path / "images", 2)
    path = tmp_path / "images" / "picture.png"
    Image.open(first.image_path).save(path)
    drawn = Sample(path.name, path, first.width, first.height, first.instances)
    write_index(tmp_path / "mixed.parquet", [second, drawn])
    write_index(tmp_path / "drawn.parquet", [drawn])
    setting = Setting(images=9, at_least=640, seed=1)
    mixed = bench_decoders("mixed", tmp_path / "mixed.parquet", setting, lambda *_: None)
    row = rows_of(mixed)["simplejpeg"]
    assert (row["images"], row["refused"], len(row["readings"])) == (1, 1, 1)
    assert row["cpu"]["ratio"] is None  # one image has no interval
    said = decoder_table_text(mixed)
    assert "simplejpeg refused 1 of 2 images: simplejpeg reads JPEG only, this is PNG" in said
    alone = bench_decoders("drawn", tmp_path / "drawn.parquet", setting, lambda *_: None)
    assert "simplejpeg" not in rows_of(alone)
    assert alone["unavailable"]["simplejpeg"].startswith("reads none of these images: ")


@pytest.mark.usefixtures("quick")
def test_the_verb_prints_what_it_writes(tmp_path: Path) -> None:
    index, output = make_index(tmp_path), tmp_path / "out" / "decoders.json"
    flags = ["--dataset", "tiny", "--images", "2", "--image-size", "64", str(index), str(output)]
    done = CliRunner().invoke(feedrate, ["bench-decoders", *flags])
    assert done.exit_code == 0, done.output
    written = json.loads(output.read_text(encoding="utf-8"))
    assert (written["dataset"], written["images"], written["at_least"]) == ("tiny", 2, 64)
    assert "machine_id" in written["machine"]
    assert done.stdout == decoder_table_text(written)


def test_times_are_of_a_megapixel_and_ratios_of_a_typical_image() -> None:
    sizes = np.linspace(1, 8, 8)
    theirs, ours = list(8 * sizes), list(4 * sizes)
    ours[-1] *= 100  # one odd image moves the sum, and not the typical ratio
    found = compare_times(ours, theirs, list(sizes))
    assert found["median_ms_per_megapixel"] == pytest.approx(4)
    assert found["ms_per_megapixel"] == pytest.approx(sum(ours) / sum(sizes))
    assert found["ratio"] == pytest.approx(2)
    assert found["high"] == pytest.approx(2)
    few = compare_times(ours[:5], theirs[:5], list(sizes[:5]))
    assert (few["ratio"], few["low"], few["high"]) == (None, None, None)
    assert few["ms_per_megapixel"] == pytest.approx(4)


def test_differences_add_up_over_images_and_strips() -> None:
    dark = np.zeros((600, 10, 3), np.uint8)
    other = dark.copy()
    other[0, 0] = (3, 0, 0)
    other[599, 9] = (255, 255, 0)
    seen = Differences()
    seen.add(dark, dark)
    seen.add(dark, other)
    assert seen.summed_up() == {
        "max": 255,
        "mean": (3 + 510) / 36_000,
        "share": 2 / 12_000,
        "images_apart": 1,
    }


def test_a_whole_image_becomes_as_small_as_the_scaled_one() -> None:
    whole = np.zeros((4, 6, 3), np.uint8)
    whole[:2, :2] = 100
    whole[0, 0] = 200
    assert shrink_like(whole, whole) is whole
    small = shrink_like(whole, np.empty((2, 3, 3), np.uint8))
    assert small[0, 0].tolist() == [125] * 3  # the mean of four pixels
    assert small[1:].max() == 0


@pytest.mark.parametrize(
    ("side", "scale"), [(100, "1"), (50, "1/2"), (51, "1/2"), (25, "1/4"), (13, "1/8"), (75, "3/4")]
)
def test_a_scale_is_told_in_eighths(side: int, scale: str) -> None:
    whole = np.empty((80, 100, 3), np.uint8)
    assert scale_of(np.empty((10, side, 3), np.uint8), whole) == scale


def test_a_gap_is_counted_as_far_as_it_lies_within_the_call() -> None:
    ticks = [0, 10, 20, 90, 100]
    assert longest_gap(ticks, 10, 100) == 70
    assert longest_gap(ticks, 30, 50) == 20  # nothing ticked at all
    assert longest_gap(ticks, 0, 40) == 20
    assert longest_gap(ticks, 91, 95) == 4
    assert longest_gap([], 0, 10) == 0


def test_what_holds_the_lock_stalls_and_what_waits_does_not() -> None:
    holding = measure_stall(partial(sum, range(2_000_000)), least_s=0)
    waiting = measure_stall(lambda: time.sleep(0.02), least_s=0)
    assert waiting < 0.7 < holding <= 1


def test_a_stall_is_judged_by_its_controls() -> None:
    controls = {"holding": 0.9, "releasing": 0.1}
    assert judge_stall(0.6, controls) is True
    assert judge_stall(0.4, controls) is False
    assert judge_stall(0.4, {"holding": 0.9, "releasing": 0.5}) is None


@pytest.mark.parametrize("library", ALWAYS)
def test_a_library_tells_its_version_and_its_libjpeg(library: str) -> None:
    assert version_of(library)[0].isdecimal()
    assert libjpeg_of(library).startswith("libjpeg-turbo ")


def test_the_systems_library_is_asked_in_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "libturbojpeg.so.0.2.0"
    path.write_bytes(b"\0libjpeg-turbo version 2.1.5 (build 20230203)\0")
    maps = [SimpleNamespace(path="[heap]"), SimpleNamespace(path=str(path))]
    process = SimpleNamespace(memory_maps=lambda: maps)
    monkeypatch.setattr("psutil.Process", lambda: process)
    assert libjpeg_of("turbojpeg") == "libjpeg-turbo 2.1.5"
    path.write_bytes(b"stripped")
    assert libjpeg_of("turbojpeg") == "unknown: its binary does not say"
    maps.clear()
    assert libjpeg_of("turbojpeg") == "unknown: its binary does not say"


@pytest.fixture
def opened_anew(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(turbojpeg, "open_library", turbojpeg.open_library.__wrapped__)
    return monkeypatch


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (None, "not installed: PyTurboJPEG; `pip install 'feedrate[peers]'` gets it"),
        (
            RuntimeError("Unable to locate turbojpeg library automatically. You may\nor not"),
            "system library missing: libturbojpeg; `apt-get install libturbojpeg0` gets it on"
            " Debian and Ubuntu",
        ),
        (
            RuntimeError("PyTurboJPEG 2.0 requires libjpeg-turbo 3.0 or later.\nThe loaded"),
            "system library too old, or broken: PyTurboJPEG 2.0 requires libjpeg-turbo 3.0 or"
            " later; `pip install 'PyTurboJPEG<2'` gets one that is content with libjpeg-turbo 2",
        ),
        (AttributeError("libturbojpeg.so.0: undefined symbol: tjX"), "undefined symbol: tjX; `pip"),
    ],
)
def test_turbojpeg_tells_what_is_missing(
    opened_anew: pytest.MonkeyPatch, error: Exception | None, reason: str
) -> None:
    def fail() -> None:
        raise error

    package = None if error is None else SimpleNamespace(TurboJPEG=fail)
    opened_anew.setattr(turbojpeg, "turbojpeg", package)
    said = turbojpeg.unavailable()
    assert said is not None
    assert reason in said


def test_turbojpeg_can_be_used_where_both_are_there(opened_anew: pytest.MonkeyPatch) -> None:
    opened_anew.setattr(turbojpeg, "turbojpeg", SimpleNamespace(TurboJPEG=object))
    assert turbojpeg.unavailable() is None


class Driver:
    """The two functions of the CUDA driver that are asked."""

    def __init__(self, devices: int, error: int = 0) -> None:
        self.devices, self.error = devices, error

    def cuInit(self, flags: int) -> int:  # noqa: N802
        return self.error

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802
        count._obj.value = self.devices
        return 0


@pytest.mark.parametrize(
    ("driver", "devices"), [(Driver(2), 2), (Driver(0), 0), (Driver(2, 100), 0), (None, 0)]
)
def test_the_driver_is_asked_for_devices(
    monkeypatch: pytest.MonkeyPatch, driver: Driver | None, devices: int
) -> None:
    def load(name: str) -> Driver:
        assert name == "libcuda.so.1"
        if driver is None:
            raise OSError(name)
        return driver

    monkeypatch.setattr(ctypes, "CDLL", load)
    assert nvimgcodec.count_devices() == devices


def test_nvimgcodec_tells_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvimgcodec, "nvimgcodec", None)
    reason = nvimgcodec.unavailable()
    assert reason is not None
    assert reason.startswith("not installed: nvidia-nvimgcodec-cu12; `pip install 'feedrate[gpu]'`")
    monkeypatch.setattr(nvimgcodec, "nvimgcodec", object())
    monkeypatch.setattr(nvimgcodec, "count_devices", lambda: 0)
    assert str(nvimgcodec.unavailable()).startswith("no CUDA device: ")
    monkeypatch.setattr(nvimgcodec, "count_devices", lambda: 1)
    assert nvimgcodec.unavailable() is None


def row(decoder: str, ratio: float | None, **fields: Any) -> dict[str, Any]:
    low, high = (None, None) if ratio is None else (ratio - 0.1, ratio + 0.1)
    times = {"ms_per_megapixel": 8.0, "median_ms_per_megapixel": 7.5}
    return {
        "decoder": decoder,
        "library": decoder.partition("_")[0],
        "version": "1.2",
        "libjpeg": "libjpeg-turbo 3.1",
        "images": 40,
        "refused": 0,
        "first_refusal": None,
        "cpu": {**times, "ratio": ratio, "low": low, "high": high},
        "wall": {**times, "ms_per_megapixel": 8.25, "ratio": ratio, "low": low, "high": high},
        "difference": {"max": 0, "mean": 0.0, "share": 0.0, "images_apart": 0},
        "scales": {"1": 40},
        "stall": 0.1,
        "holds_gil": False,
    } | fields


def made_up(*rows: dict[str, Any]) -> dict[str, Any]:
    return {
        "dataset": "receipts",
        "images": 40,
        "at_least": 640,
        "reference": "pillow",
        "resized_by": "OpenCV INTER_AREA",
        "machine": {"cpu": "A CPU", "cores": 2, "python": "3.11.7"},
        "megapixels": [1.0, 2.0],
        "controls": {"holding": 0.99, "releasing": 0.02},
        "decoders": list(rows),
        "unavailable": {"turbojpeg": "not installed: PyTurboJPEG; `pip install it`"},
    }


APART = {"max": 177, "mean": 1.25, "share": 0.9, "images_apart": 40}
SCALED = row("simplejpeg_scaled", 4.5, scales={"1": 10, "1/2": 30}, difference=APART)
CONTENT = made_up(row("pillow", 1.0), row("simplejpeg", 2.9), SCALED)


def test_the_table_is_text_in_columns() -> None:
    head, table, said = decoder_table_text(CONTENT).split("\n\n")
    assert head.startswith("receipts: 40 images, 1.50 megapixels each on average; A CPU, 2 cores")
    lines = table.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert dict(zip(HEAD, cells(SCALED), strict=True)) == {
        "decoder": "simplejpeg_scaled",
        "library": "simplejpeg 1.2",
        "libjpeg inside": "libjpeg-turbo 3.1",
        "ms/MP": "8.00",
        "median": "7.50",
        "wall": "8.25",
        "times as fast": "4.50x",
        "interval": "4.40 to 4.60",
        "max": "177",
        "mean": "1.2",
        "differ": "90 %",
        "scale": "1/2 (30), 1 (10)",
        "stall": "10 %",
        "GIL": "released",
    }
    assert "99 % where the lock is held, 2 % where it is released" in said
    assert said.endswith("not available: turbojpeg: not installed: PyTurboJPEG; `pip install it`\n")
    assert cells(row("mine", None, holds_gil=None))[-8:-6] == ("-", "-")
    assert scales_text({"1/4": 7}) == "1/4"


def test_the_section_says_what_the_rows_say() -> None:
    view = view_decoders(CONTENT)
    assert view.title == (
        "The same pixels sooner: simplejpeg decodes 2.90x as fast as pillow "
        "(95 % interval 2.80 to 3.00, 40 images)"
    )
    scaled, lock = view.sentences
    assert scaled.startswith("At a smaller scale, simplejpeg_scaled decodes 4.50x as fast")
    assert "by 1.25 of 255 on average, by 177 at most" in scaled
    assert lock == "Every decoder lets other threads of Python run while it decodes."
    html = fill("decoders.html.j2", decoders=view, name="receipts")
    assert html.count("<tr>") == 1 + 3
    assert html.count('class="number"') == 4 * (len(HEAD) - 3)
    assert "not available: turbojpeg: not installed" in html


def test_the_page_shows_the_section_of_its_machine_alone(tmp_path: Path) -> None:
    study = build_study(tmp_path)
    dataset, machine_id = study.places[0]
    shown = []
    for told in (machine_id, "another"):
        content = CONTENT | {"machine": {**CONTENT["machine"], "machine_id": told}}
        extras = build_extras(replace(study, decoders={dataset: content}))
        shown.append(any("Which decoder is fast" in section for section in extras[dataset]))
    assert shown == [True, False]


def test_the_section_finds_nothing_where_there_is_nothing() -> None:
    other = row("opencv", 1.9, difference=APART, holds_gil=True)
    view = view_decoders(made_up(row("pillow", 1.0), other))
    assert view.title == "No decoder gives pillow's pixels sooner than pillow does"
    assert view.sentences == ["While these decode, other threads of Python wait: opencv."]
    busy = view_decoders(made_up(row("pillow", None, holds_gil=None)))
    assert busy.title == view.title
    assert busy.sentences == [
        "The machine was too busy to tell which decoders let other threads run."
    ]


def test_every_counted_library_can_be_named() -> None:
    assert libjpeg_of("nvimgcodec").startswith("none: ")
    assert {*ALWAYS, "turbojpeg", "nvimgcodec"} <= set(ENTRY_POINTS)
