"""What each process holds of a cache: bytes read in real processes, verdicts from known bytes."""

import json
import mmap
import multiprocessing
import os
import subprocess
import sys

import numpy as np
import psutil
import pytest
from click.testing import CliRunner
from jinja2 import Environment, PackageLoader, StrictUndefined
from tiny import make_index

from feedrate.cell import Cell
from feedrate.cli.memory import measure_memory
from feedrate.config import Measuring, Work
from feedrate.dataconfig import TargetSettings
from feedrate.matrix import Conditions
from feedrate.memory import readings, study
from feedrate.memory.caches import BASELINE, CACHES, EMPTY, CachedSamples
from feedrate.memory.readings import Reading, read_tree
from feedrate.memory.verdicts import judge
from feedrate.memory_figures import draw_growth, draw_memory, growth_rows, process_rows, title
from feedrate.report.memory import view_memory
from feedrate.report.page import embed_svg

SIZE = 100_000_000
OWN = 8_000_000
"""Bytes of the invented cache, and of a worker that has none."""


def a_reading(workers, batches=4, images=12, **fields):
    return Reading(
        **{
            "cache": "list_of_objects",
            "start_method": "fork",
            "workers": workers,
            "index": "",
            "places": list(range(images)),
            "batches": batches,
            "maps_dir": "",
            "image_size": 64,
            "params": {},
        }
        | fields
    )


def conditions(images):
    return Conditions(
        work=Work(images=images),
        measuring=Measuring(),
        targets=TargetSettings(image_size=64),
        seed=3,
        plugins={},
    )


def reading_of(cache, start_method, own_at, rss=0, checksums=(5, 5)):
    """A cell whose two workers hold these bytes of their own: at the start, midway, at the end."""
    names = [("workers_up", None), ("batch", 4), ("end", None)]
    return {
        "cache": cache,
        "start_method": start_method,
        "workers": 2,
        "cache_bytes": 0 if cache == BASELINE else SIZE,
        "first_batch_s": 0.1,
        "shm_bytes": 4096,
        "checksums": list(checksums),
        "moments": [
            {
                "moment": moment,
                "batch": batch,
                "seconds": float(place),
                "processes": [
                    {"role": role, "pid": pid, "uss_bytes": own, "pss_bytes": own + SIZE // 10}
                    | {"rss_bytes": OWN + rss}
                    for pid, role in enumerate(("main", "worker", "worker"))
                ],
            }
            for place, ((moment, batch), own) in enumerate(zip(names, own_at, strict=True))
        ],
    }


def readings_of(**changes):
    flat, sent = [OWN] * 3, [OWN + SIZE] * 3
    cells = {
        "none fork": reading_of(BASELINE, "fork", flat, checksums=(0, 0)),
        "none spawn": reading_of(BASELINE, "spawn", flat, checksums=(0, 0)),
        "dict_of_arrays fork": reading_of("dict_of_arrays", "fork", flat, SIZE),
        "dict_of_arrays spawn": reading_of("dict_of_arrays", "spawn", sent, SIZE),
        "list_of_objects fork": reading_of(
            "list_of_objects", "fork", [OWN, OWN + SIZE // 2, OWN + SIZE], SIZE
        ),
    }
    return list((cells | changes).values())


def content_of(cells, **changes):
    return {
        "dataset": "d",
        "images": 12,
        "batch_size": 3,
        "available": {"ok": True, "reason": ""},
        "cells": cells,
        "verdicts": judge(cells) if cells else [],
    } | changes


def of(rows, cache, start_method):
    return next(r for r in rows if (r["cache"], r["start_method"]) == (cache, start_method))


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_every_worker_reads_every_sample_once(workers):
    reading = a_reading(workers)
    order = reading.order()
    size = reading.batch_size
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    for worker in range(workers):
        read = [sample for batch in batches[worker::workers] for sample in batch]
        assert sorted(sample for sample in read if sample != EMPTY) == list(range(12))


def test_what_is_ready_before_the_workers_are_read_is_empty():
    reading = a_reading(2)
    empty = 2 * 2 + 2  # torch: two batches ready a worker; one of each has been handed over
    assert set(reading.order()[: empty * reading.batch_size]) == {EMPTY}


def test_the_content_is_the_same_however_it_is_held(tmp_path, monkeypatch):
    arrays = {0: (np.arange(12.0).reshape(3, 4), np.ones((3, 4)))}
    monkeypatch.setattr(
        "feedrate.memory.caches.hold_arrays", lambda samples, origin: CachedSamples(arrays)
    )
    objects = CACHES["list_of_objects"]([None], None)
    assert [len(parts) for parts in objects.cache] == [6]
    assert objects[0] == CachedSamples(arrays)[0] != 0
    assert CachedSamples(arrays).bytes() == 2 * 12 * 8
    assert objects[EMPTY] == CachedSamples({})[3] == 0


@pytest.mark.own_process
def test_a_reading_in_real_processes_shows_what_copies_and_what_does_not(tmp_path, monkeypatch):
    """Eight megabytes in arrays stay shared, in small objects they are copied; no child is left."""
    index = make_index(tmp_path, 4)
    many = [[bytes([i % 256]) * 2600 for i in range(800)] for _ in range(4)]
    few = [[b"".join(parts)] for parts in many]
    monkeypatch.setitem(readings.CACHES, "few", lambda samples, origin: CachedSamples(few))
    monkeypatch.setitem(readings.CACHES, "many", lambda samples, origin: CachedSamples(many))
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    seen = {}
    for cache in ("none", "few", "many"):
        reading = a_reading(2, batches=2, images=4, cache=cache, index=str(index))
        seen[cache] = readings.run(reading.to_json())
    own = {
        cache: max(
            row["uss_bytes"]
            for row in result["moments"][-1]["processes"]
            if row["role"] == "worker"
        )
        for cache, result in seen.items()
    }
    size = seen["many"]["cache_bytes"]
    assert size > 8e6
    assert own["few"] - own["none"] < 0.2 * size
    assert own["many"] - own["none"] > 0.8 * size
    assert len(set(seen["many"]["checksums"] + seen["few"]["checksums"])) == 1
    assert [moment["moment"] for moment in seen["few"]["moments"]] == [
        "before",
        "preloaded",
        "workers_up",
        "batch",
        "end",
    ]
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_no_reading_happens_inside_what_is_timed(monkeypatch, tmp_path):
    now = [0.0]

    def read_slowly():
        now[0] += 1000
        return [{"role": "main", "pid": 1, "shm_bytes": 0}]

    monkeypatch.setattr(readings, "read_tree", read_slowly)
    monkeypatch.setattr(readings.time, "perf_counter", lambda: now[0])
    reading = a_reading(0, batches=4, images=4, cache="none", index=str(make_index(tmp_path, 4)))
    seen = readings.run(reading.to_json())
    assert seen["first_batch_s"] == 0
    assert len(seen["moments"]) == 5


def test_processes_that_may_not_be_read_are_no_figure(monkeypatch, tmp_path):
    monkeypatch.setattr(readings, "PROC", tmp_path)
    reading = a_reading(0, batches=2, images=4, cache="none", index=str(make_index(tmp_path, 4)))
    seen = readings.run(reading.to_json())
    assert list(seen) == ["unreadable"]
    reason = seen["unreadable"]
    assert reason.startswith(f"{tmp_path / str(os.getpid()) / 'smaps_rollup'}: No such file")
    view = view_memory(
        content_of([], available={"ok": False, "reason": reason}, verdicts=[]), embed_svg
    )
    assert view.title == f"Not available: {reason}"
    assert "memory cannot be told apart" in page_of(view)


def test_the_bytes_are_those_that_psutil_counts():
    info = psutil.Process().memory_full_info()
    ours = readings.read_process(os.getpid())
    for name, theirs in (("uss", info.uss), ("pss", info.pss), ("rss", info.rss)):
        assert ours[f"{name}_bytes"] == pytest.approx(theirs, rel=0.05)


def test_shared_memory_is_counted_where_it_is_mapped():
    before = readings.read_process(os.getpid())["shm_bytes"]
    with mmap.mmap(-1, 1 << 20) as block:
        block.write(bytes(1 << 20))
        assert readings.read_process(os.getpid())["shm_bytes"] - before == 1 << 20


def test_a_process_that_has_ended_holds_nothing():
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    with pytest.raises(ProcessLookupError):
        readings.read_process(child.pid)


@pytest.mark.own_process
def test_only_workers_are_called_workers():
    context = multiprocessing.get_context("fork")
    gate = context.Event()
    child = context.Process(target=gate.wait, args=(20,))
    child.start()
    roles = {row["pid"]: row["role"] for row in read_tree()}
    gate.set()
    child.join()
    assert roles[child.pid] == "worker"
    assert roles[psutil.Process().pid] == "main"


@pytest.mark.parametrize(
    ("images", "most", "kept", "batches"), [(24, 99, 24, 8), (30, 21, 16, 8), (5, 99, 4, 4)]
)
def test_whole_batches_are_drawn_and_the_caches_stay_small(
    tmp_path, monkeypatch, images, most, kept, batches
):
    monkeypatch.setattr(study, "CACHE_BYTES", most * 2 * 4 * 64 * 64)
    monkeypatch.setattr(study, "count_samples", lambda index: 40)
    base = Cell.model_validate({"start_method": "forkserver"})
    planned = list(study.plan_readings(base, conditions(images), tmp_path / "a.parquet", tmp_path))
    assert {len(reading.places) for reading in planned} == {kept}
    assert {reading.batches for reading in planned} == {batches}
    starts = {(reading.start_method, reading.workers) for reading in planned}
    assert starts == {("fork", 0), ("fork", 2), ("spawn", 2), ("forkserver", 2)}
    assert {reading.cache for reading in planned} == set(CACHES)
    forked = {reading.start_method for reading in planned if reading.cache == "encoded_images"}
    assert forked == {"fork"}


class CannedServer:
    """Stands for the fork server: replies what was seen before, or that nothing can be read."""

    def __init__(self, replies, calls):
        self.replies, self.calls = replies, calls

    def __enter__(self):
        return self

    def __exit__(self, *what):
        pass

    def call(self, request, timeout_s):
        self.calls.append(request)
        return self.replies(request)


def measured(tmp_path, monkeypatch, replies):
    calls = []
    monkeypatch.setattr(study, "ForkServer", lambda modules, entry: CannedServer(replies, calls))
    monkeypatch.setattr(study, "fingerprint", lambda: {"machine_id": "m"})
    output = tmp_path / "memory.json"
    index = make_index(tmp_path, 6)
    options = {
        "--dataset": "d",
        "--base": Cell.model_validate({}).model_dump_json(),
        "--conditions": conditions(6).model_dump_json(),
        "--maps": str(tmp_path),
    }
    flags = [part for item in options.items() for part in item]
    done = CliRunner().invoke(measure_memory, [*flags, str(index), str(output)])
    assert done.exception is None, done.output
    return json.loads(output.read_text()), calls


def test_the_verb_writes_every_reading_and_what_follows(tmp_path, monkeypatch):
    def reply(request):
        own = [OWN, OWN, OWN + SIZE * (request["start_method"] == "spawn")]
        if request["cache"] == BASELINE:
            own = [OWN] * 3
        sums = (0, 0) if request["cache"] == BASELINE else (5, 5)
        seen = reading_of(request["cache"], request["start_method"], own, checksums=sums)
        return {k: v for k, v in seen.items() if k not in ("cache", "start_method", "workers")}

    content, calls = measured(tmp_path, monkeypatch, reply)
    assert (content["schema"], content["dataset"], content["machine"]["machine_id"]) == (
        1,
        "d",
        "m",
    )
    assert len(content["cells"]) == len(calls) == 3 * len(CACHES) - 1
    assert [cell["cache"] for cell in content["cells"]] == [call["cache"] for call in calls]
    answers = {row["start_method"]: row["answer"] for row in content["verdicts"]}
    assert answers == {"fork": "no", "spawn": "yes"}
    assert (content["images"], content["batch_size"], content["batches_a_pass"]) == (6, 1, 6)


def test_the_verb_says_why_there_is_no_figure(tmp_path, monkeypatch):
    content, calls = measured(tmp_path, monkeypatch, lambda request: {"unreadable": "hidden"})
    assert content["available"] == {"ok": False, "reason": "hidden"}
    assert (content["cells"], content["verdicts"], len(calls)) == ([], [], 1)


def test_verdicts_are_bytes_beyond_a_worker_without_a_cache():
    verdicts = judge(readings_of())
    assert len(verdicts) == 3
    shared = of(verdicts, "dict_of_arrays", "fork")
    assert (shared["duplicated_bytes_per_worker"], shared["answer"]) == (0, "no")
    assert shared["rss_bytes_per_worker"] == SIZE
    assert shared["sentence"] == (
        "With fork, each of 2 workers holds 0 MB of its own of a cache of 100 MB "
        "(dict of arrays): not duplicated."
    )
    sent = of(verdicts, "dict_of_arrays", "spawn")
    assert (sent["duplicated_bytes_per_worker"], sent["duplicated_share"]) == (SIZE, 1.0)
    assert sent["tree_bytes"] == 3 * SIZE
    assert "duplicated from the start, for it is sent" in sent["sentence"]
    copied = of(verdicts, "list_of_objects", "fork")
    assert copied["duplicated_bytes_per_worker_at_start"] == 0
    assert "100 MB of its own" in copied["sentence"]
    assert "starts with 0 MB and grows" in copied["sentence"]


def test_other_bytes_are_another_verdict():
    half = {"dict_of_arrays fork": reading_of("dict_of_arrays", "fork", [OWN + SIZE // 2] * 3)}
    verdict = of(judge(readings_of(**half)), "dict_of_arrays", "fork")
    assert verdict["answer"] == "in part"
    assert "50% duplicated" in verdict["sentence"]


def test_a_cache_that_was_never_read_gives_no_verdict():
    unread = reading_of("dict_of_arrays", "fork", [OWN] * 3, checksums=(0, 0))
    with pytest.raises(ValueError, match=r"dict_of_arrays, fork, 2 workers.*checksums"):
        judge(readings_of(**{"dict_of_arrays fork": unread}))
    partly = reading_of("dict_of_arrays", "spawn", [OWN] * 3, checksums=(5, 4))
    with pytest.raises(ValueError, match=r"dict_of_arrays, spawn.*\[4, 5\]"):
        judge(readings_of(**{"dict_of_arrays spawn": partly}))


def test_without_a_baseline_there_is_no_verdict():
    cells = [cell for cell in readings_of() if cell["cache"] != BASELINE]
    with pytest.raises(ValueError, match="fork, 2 workers: there is no reading without a cache"):
        judge(cells)


def test_the_tables_behind_the_figures():
    content = content_of(readings_of())
    table = growth_rows(content)
    grown = table[(table["cache"] == "list_of_objects") & (table["start_method"] == "fork")]
    assert grown["share"].tolist() == [0.0, 0.5]
    assert grown["batches"].tolist() == [0, 4]
    rows = process_rows(content)
    own = rows[rows["group"] == "dict of arrays of 100 MB, spawn"]
    assert own["process"].tolist() == ["main", "worker 1", "worker 2"]
    assert own["more_mb"].tolist() == [100.0] * 3
    assert rows[rows["group"] == "no cache, fork"]["more_mb"].isna().all()


@pytest.mark.parametrize("width_in", [7.4, 3.7])
def test_the_figures_say_the_bytes(width_in):
    content = content_of(readings_of())
    bars, lines = draw_memory(content, width_in), draw_growth(content, width_in)
    assert "+100 MB own" in bars
    assert "dict of arrays of 100 MB, fork" in bars
    assert "list of objects" in lines
    assert bars == draw_memory(json.loads(json.dumps(content)), width_in)


def test_the_section_answers_the_question():
    content = content_of(readings_of())
    assert title(content).endswith("? No with fork, yes with spawn")
    view = view_memory(content, embed_svg)
    html = page_of(view)
    for verdict in content["verdicts"]:
        assert verdict["sentence"] in view.sentences
    assert "would have said that each worker forked" in html
    assert "<code>dict_of_arrays, spawn, 2 workers</code>" in html
    assert html.count("<svg") == 4


def page_of(view):
    environment = Environment(
        loader=PackageLoader("feedrate.report", "."), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("memory.html.j2").render(memory=view, name="receipts")


def test_what_a_worker_unpacks_imports_little():
    code = "import feedrate.memory.caches, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "cv2", "pandas", "numba"} & set(done.stdout.split())
