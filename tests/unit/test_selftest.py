"""The self-test's parts: planted effects are what they say, hidden faults are found."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from tiny import QUAD

from feedrate import trial
from feedrate.cell import Cell
from feedrate.forkserver import Servers
from feedrate.index import write_index
from feedrate.pairs import IMPORTED_LATE, TRIAL_MODULE
from feedrate.sample import Sample, TextInstance
from feedrate.selftest import cases, material, overhead, plants
from feedrate.selftest.comparison import compare
from feedrate.selftest.material import IMAGE_SIZE, Material
from feedrate.selftest.run import SABOTAGE_MODULE, Agenda
from feedrate.selftest.sabotage import SABOTAGES
from feedrate.work import TrialSpec

IMAGES = 16
"""As few as can be: their bytes must be more than what a trial reads besides its data."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Noise compresses badly: small pictures, and files that are not."""
    folder, rng = tmp_path_factory.mktemp("selftest"), np.random.default_rng(4)
    samples = []
    for number in range(IMAGES):
        path = folder / f"noise_{number:02}.jpg"
        pixels = rng.integers(0, 255, (320, 320, 3), np.uint8)
        Image.fromarray(pixels).save(path, quality=100)
        instances = (TextInstance(np.add(QUAD, [0.0, 3.0 * number]), text="total"),)
        samples.append(Sample(path.name, path, 320, 320, instances))
    write_index(folder / "accepted.parquet", samples)
    material._store_maps(folder / "accepted.parquet", folder / "maps")
    return Material(folder / "accepted.parquet", folder / "maps", len(samples))


def run(data, deliver=8, **levels):
    cell = Cell.model_validate({"batch_size": 2, "targets": "none", "workers": 0, **levels})
    spec = TrialSpec(
        levels=cell.model_dump(),
        index=str(data.index),
        maps_dir=None,
        image_size=64,
        params={},
        images=4,
        deliver=deliver,
        seed=3,
        plugins=cases.PLUGINS,
    )
    return trial.run(spec.to_json())


def test_a_spin_lasts_as_long_as_it_says_and_no_shorter_than_asked():
    assert plants.spin(0.01) >= 0.01
    assert plants.sleep(0.01) >= 0.01


@pytest.mark.parametrize("name", cases.SHARES)
def test_a_planted_share_is_spun_of_every_batch_and_told(data, name):
    seen = run(data, loader=name)
    spun = seen["loader_facts"][plants.SPUN]
    assert spun >= cases.SHARES[name] * (seen["epoch_s"] - spun) * 0.5
    assert 0 < spun < seen["epoch_s"]
    assert (seen["batches"], seen["images"]) == (4, 8)


class Recorder:
    """A loader of four numbered batches, paced by a pause that takes no time."""

    def __init__(self, share_of):
        self.paused = []
        self.paced = plants.Paced(iter("abcd"), share_of, self.pause)

    def pause(self, seconds):
        self.paused.append(seconds)
        return 1.0


def test_only_batches_with_a_share_are_followed_by_a_pause():
    recorder = Recorder(lambda number: float(number == 2))
    assert list(recorder.paced) == list("abcd")
    assert len(recorder.paused) == 1
    assert recorder.paced.facts == {plants.SPUN: 1.0}


def test_the_first_epoch_alone_is_slow(data):
    once, looped = (run(data, deliver, loader="slow_first_epoch") for deliver in (4, 12))
    assert once["loader_facts"][plants.SPUN] > 0
    rows = looped["batch_rows"]
    took = [row["arrived_s"] - row["requested_s"] for row in rows]
    assert looped["loader_facts"][plants.SPUN] <= took[0] + took[1]


@pytest.mark.own_process
def test_a_slow_start_is_start_up_and_a_slow_worker_is_not_the_main_process(data):
    assert run(data, loader="slow_startup")["startup_s"] >= plants.STARTUP_S
    assert run(data, loader="slow_one_worker", workers=2)["workers_seen"] == 2


def test_an_unclocked_loader_brings_no_rows(data):
    assert run(data, loader="unclocked")["instrumented"] is False
    assert run(data)["instrumented"] is True


def test_the_clock_is_timed_on_and_off(data):
    request = {
        "index": str(data.index),
        "maps_dir": str(data.maps_root / "npz"),
        "image_size": IMAGE_SIZE,
        "levels": cases.BASE.model_dump(),
        "rounds": 3,
        "seed": 1,
    }
    seen = overhead.run(request)
    assert {name: len(values) for name, values in seen.items()} == dict.fromkeys(
        ("on_s", "off_s", "on_cpu_s", "off_cpu_s"), 3
    )
    assert min(seen["on_s"] + seen["off_s"]) > 0


def test_as_many_comparisons_as_promised():
    sections = Counter(case.section for case in cases.open_cases())
    assert sections["aa"] >= 40
    assert sections["plant"] == 20 * len(cases.SHARES)
    assert len({case.measured.experiment for case in cases.open_cases()}) == sections.total()
    planned = Agenda.of(False, lambda done, total: None)
    assert planned.planned_s <= cases.BUDGET_S


def test_a_quick_run_is_a_fraction_and_says_so():
    quick, whole = (Agenda.of(quick, lambda done, total: None) for quick in (True, False))
    assert quick.planned_s < whole.planned_s / 3
    assert "proves nothing" in quick.describe()
    assert "proves nothing" not in whole.describe()


def test_every_hidden_fault_has_an_honest_twin():
    found = cases.hidden_cases()
    honest = [case.measured for case in found if case.section == "honest"]
    for case in found:
        sides = (case.measured.cell, case.measured.reference)
        assert sides in [(each.cell, each.reference) for each in honest]
        assert case.measured.cell != case.measured.reference


@pytest.fixture(scope="module")
def hidden(data):
    """What became of every hidden fault and of every honest cell: one server for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cases, "IMAGES", IMAGES)
        found = cases.hidden_cases(quick=True)
    modules = sorted({name for case in found for name in case.measured.modules})
    entry = f"{SABOTAGE_MODULE}:run"
    with Servers([TRIAL_MODULE, *IMPORTED_LATE, *modules], entry) as servers:
        return {(case.section, case.name): compare(case, data, servers) for case in found}


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_treatment_switched_off_is_refused(hidden, name):
    seen = hidden["sabotage", name]
    if not seen["available"]:
        pytest.skip(seen["refused"])
    assert seen["refused"] or seen["gate"]["failures"]
    assert not seen["gate"]["valid"]


def test_the_same_cells_left_alone_pass(hidden):
    failures = {
        name: seen["gate"]["failures"][:2] or seen["refused"]
        for (section, name), seen in hidden.items()
        if section == "honest" and seen["available"] and not seen["gate"]["valid"]
    }
    assert failures == {}


def test_what_is_kept_of_a_comparison_is_json(hidden):
    json.dumps(list(hidden.values()), allow_nan=False)
