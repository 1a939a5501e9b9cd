"""A cell is measured: warm-ups, pairs until the interval is narrow, looped pairs, the record."""

import json
import os
from pathlib import Path

import pytest
from tiny import make_index

from feedrate import pairs
from feedrate.cell import Cell
from feedrate.config import Measuring, Work
from feedrate.dataconfig import TargetSettings
from feedrate.forkserver import Servers, TrialError
from feedrate.matrix import Conditions, MeasuredCell
from feedrate.pagecache import NotAvailableError
from feedrate.session import Session
from feedrate.turns import EPOCH, STEADY, WARM_UP
from feedrate.work import files_of


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return make_index(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def servers():
    modules = {*cell_of({"targets": "kernel"}).modules, *cell_of({"decoder": "opencv"}).modules}
    modules |= set(cell_of({"images": "ram"}).modules)
    with Servers(["feedrate.trial", *sorted(modules)], pairs.ENTRY) as started:
        yield started


def cell_of(levels=None, *, base=None, measuring=None, plugins=None):
    reference = Cell.model_validate(
        {"batch_size": 2, "targets": "reference", "workers": 0, **(base or {})}
    )
    cell = reference.with_levels(levels or {})
    conditions = Conditions(
        work=Work(images=4, steady_rounds=3),
        measuring=Measuring(**{"max_pairs": 6, **(measuring or {})}),
        targets=TargetSettings(image_size=64),
        seed=7,
        plugins=plugins or {},
    )
    return MeasuredCell(
        experiment="e",
        name=cell.name(reference),
        cell=cell,
        reference=reference,
        conditions=conditions,
    )


def measure(measured, index, servers, told=None):
    tell = (lambda *counts: told.append(counts)) if told is not None else (lambda *_: None)
    return pairs.measure(measured, "tiny", index, index.parent, tell, servers)


@pytest.fixture(scope="module")
def seen(index, servers):
    """One cell, measured whole: the record, its tables, and what the progress was told."""
    told = []
    return *measure(cell_of({"images": "ram"}), index, servers, told), told


def test_a_record_holds_every_kind_of_trial_and_passes_its_gate(seen):
    record, batches, samples, told = seen
    assert record["gate"]["failures"] == []
    assert record["equivalence"]["verdict"] == "identical"
    kinds = [trial["kind"] for trial in record["trials"]]
    assert (kinds.count(WARM_UP), kinds.count(EPOCH), kinds.count(STEADY)) == (2, 12, 2)
    looped = [trial["images"] for trial in record["trials"] if trial["kind"] == STEADY]
    assert looped == [3 * 2 * 2] * 2  # rounds, batches held ready, images a batch
    assert told[-1] == (16, 16)
    assert {row["kind"] for row in batches} == {WARM_UP, EPOCH, STEADY}
    assert {row["kind"] for row in samples} == {EPOCH}
    json.dumps(record, allow_nan=False)


def test_memory_is_watched_in_warm_ups_only(seen):
    record = seen[0]
    watched = {trial["kind"]: bool(trial["memory"]) for trial in record["trials"]}
    assert watched == {WARM_UP: True, EPOCH: False, STEADY: False}
    moments = [reading["moment"] for reading in record["trials"][0]["memory"]]
    assert moments == ["preloaded", "iterating", "batch", "batch", "end"]


def test_pages_are_counted_before_and_after_every_trial(seen):
    for trial in seen[0]["trials"]:
        assert trial["page_cache"]["resident_before"] >= 0.99
        assert trial["page_cache"]["resident_after"] >= 0.99


def test_loading_compiled_code_is_a_figure_of_its_own(index, servers):
    record, _, _ = measure(cell_of({"targets": "kernel"}), index, servers)
    startup = {trial["side"]: trial["startup"] for trial in record["trials"]}
    assert startup["cell"]["jit_s"] > 20 * startup["reference"]["jit_s"]
    assert startup["cell"]["preload_s"] < startup["cell"]["jit_s"]


def test_each_side_runs_with_its_own_allocator(index, servers):
    record, _, _ = measure(cell_of({"allocator": "tuned"}), index, servers)
    seen = record["environments"]
    assert seen["cell"]["MALLOC_TOP_PAD_"] == str(64 << 20)
    assert "MALLOC_TOP_PAD_" not in seen["reference"]
    assert record["gate"]["valid"]


def test_a_level_that_cannot_be_had_gives_a_record_with_the_reason(index, servers, monkeypatch):
    def refuse(level, paths):
        raise NotAvailableError(f"{level}: {len(paths)} files stay in memory")

    monkeypatch.setattr("feedrate.pairs.require_level", refuse)
    record, batches, samples = measure(cell_of({"page_cache": "cold"}), index, servers)
    assert record["available"] == {"ok": False, "reason": "cold: 4 files stay in memory"}
    assert (record["trials"], batches, samples) == ([], [], [])
    assert not record["gate"]["valid"]


def test_other_values_make_a_record_invalid_where_no_level_announces_them(index, servers):
    measured = cell_of({"decoder": "opencv"})
    record, _, _ = measure(measured, index, servers)
    assert record["gate"]["valid"], record["gate"]["failures"]  # another decoder may differ
    fields = {"images": {"max": 0.5, "mean": 0.1, "share": 0.2, "images_apart": 4, "images": 4}}
    apart = {"verdict": "pixels differ", "fields": fields, "missing": [], "extra": []}
    session = Session(cell_of({"images": "ram"}), "tiny", {}, {})
    failures = session.judge(record["trials"][:0], apart)["failures"]
    assert failures == []  # without trials there is nothing to judge
    lying = [trial for trial in record["trials"] if trial["side"] == "reference"]
    assert "same images" in " ".join(session.judge(lying, apart)["failures"])


class Timed:
    """Servers whose trials take as long as a list says."""

    def __init__(self, trial, epochs):
        self.trial, self.epochs = trial, iter(epochs)

    def of(self, environment):
        return self

    def call(self, request, timeout_s):
        return {**self.trial, "epoch_s": next(self.epochs), "batch_rows": [], "sample_rows": []}


def stopped_after(seen, index, spread, **measuring):
    """Measure with made-up times: every second pair is apart by `spread`."""
    trial = {
        name: value
        for name, value in seen[0]["trials"][0].items()
        if name not in ("pair", "side", "position", "kind", "discarded", "page_cache")
    }
    measured = cell_of(measuring={"max_pairs": 12, "steady_pairs": 0, **measuring})
    spec = pairs.trial_spec(measured.cell, measured.conditions, index, index.parent)
    session = Session(
        measured,
        "tiny",
        dict.fromkeys(measured.sides, spec),
        dict.fromkeys(measured.sides, files_of(spec)),
    )
    epochs = [1.0, 1.0] + [1.0 + spread * ((n // 2) % 2) * (n % 2) for n in range(24)]
    folder = index.parent / "kept"
    folder.mkdir(exist_ok=True)
    trials, _ = session.run(Timed(trial, epochs), folder, lambda *_: None)
    return session.stopped(trials)


def test_pairs_are_added_only_while_the_interval_is_wide(seen, index):
    quiet = stopped_after(seen, index, 0.001)
    assert (quiet["pairs"], quiet["reached"]) == (6, True)
    noisy = stopped_after(seen, index, 0.4)
    assert (noisy["pairs"], noisy["reached"]) == (12, False)
    assert noisy["halfwidth"] > 0.05
    assert stopped_after(seen, index, 0.001, target_halfwidth=0.0)["pairs"] == 12


def broken_loader(dataset, cell):
    """A user's loader that fails in its second batch."""
    yield {"pixels": [0, 0]}
    raise OSError("no space left")


def test_a_trial_that_fails_names_itself(index, monkeypatch):
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", f"{here}{os.pathsep}{here.parent}")
    monkeypatch.syspath_prepend(str(here))  # as it is in a process started with that variable
    plugins = {"loaders": {"mine": "test_pairs:broken_loader"}}
    measured = cell_of({"loader": "mine"}, plugins=plugins)
    with pytest.raises(TrialError, match="cell, warm-up: OSError: no space left"):
        measure(measured, index, None)
