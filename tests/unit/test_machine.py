"""The machine: stable facts with one hash, descriptive ones beside them, its state."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from feedrate import machine
from feedrate.machine import cores, processor, reading, storage, surroundings

STABLE = {"cpu", "cores", "memory_gib", "kernel", "python", "versions"}
HEAVY = {"numpy", "torch", "cv2", "PIL", "numba", "scipy", "pandas", "albumentations", "simplejpeg"}
AFFINITY = len(os.sched_getaffinity(0))


def test_the_id_is_stable_and_covers_every_fact() -> None:
    facts = machine.fingerprint()
    assert facts == machine.fingerprint()
    assert facts["machine_id"] == machine.machine_id()
    assert facts["versions"]["torch"].startswith("2.13")
    assert 1 <= facts["cores"] <= AFFINITY


def test_the_id_hashes_the_stable_facts_and_nothing_else() -> None:
    facts = dict(machine.fingerprint())
    machine_id = facts.pop("machine_id")
    assert set(facts) == STABLE
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    assert machine_id == digest[:12]


def test_two_nodes_of_a_cluster_are_two_machines_though_of_one_make(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    facts = [machine.fingerprint()]
    for node in ("n1", "n2"):
        machine.fingerprint.cache_clear()
        monkeypatch.setenv("SLURMD_NODENAME", node)
        facts.append(machine.fingerprint())
    machine.fingerprint.cache_clear()
    assert [each.get("node") for each in facts] == [None, "n1", "n2"]
    assert len({each["machine_id"] for each in facts}) == 3
    assert len({json.dumps(each["versions"]) for each in facts}) == 1


def test_what_the_snakemake_process_asks_loads_nothing_heavy() -> None:
    code = "from feedrate import machine; machine.machine_id(); import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".", 1)[0] for name in done.stdout.split()}
    assert sorted(HEAVY & loaded) == []
    assert "psutil" in loaded


def test_the_sheet_is_plain_short_and_holds_the_fingerprint(tmp_path: Path) -> None:
    sheet = machine.describe({"images": tmp_path, "maps": tmp_path / "missing"})
    assert machine.fingerprint().items() <= sheet.items()
    assert json.loads(json.dumps(sheet)) == sheet
    for name, value in sheet.items():
        leaves = value if isinstance(value, dict) else {name: value}
        for key, leaf in leaves.items():
            assert isinstance(leaf, str | int | float), f"{name}.{key}: one level of nesting"
            assert 0 < len(str(leaf)) < 300, f"{name}.{key}: short"
    assert sheet["storage_images"]["file_system"] == machine.file_system_of(tmp_path)
    assert sheet["storage_maps"] == {"file_system": "not readable"}
    assert sheet["kernel_release"].startswith(sheet["kernel"])
    assert sheet["all_versions"]["torch"] == sheet["versions"]["torch"]
    assert len(sheet["all_versions"]) > len(sheet["versions"])


def test_a_machine_that_tells_nothing_stops_nothing(tmp_path: Path) -> None:
    assert processor.list_flags(tmp_path) == "not readable"
    assert processor.list_caches(tmp_path) == {"L1d": "not readable"}
    assert set(processor.read_frequency(tmp_path).values()) == {"not readable"}
    assert cores.usable_cores(tmp_path) == AFFINITY
    counted = cores.count_cores(tmp_path)
    assert (counted["quota"], counted["cpuset"]) == ("none", "not readable")
    assert (counted["threads_per_core"], counted["numa_nodes"]) == ("not readable",) * 2
    assert surroundings.find_container(tmp_path, {}) == "none seen"
    assert surroundings.find_hypervisor(tmp_path) == "not readable"
    assert surroundings.find_gpu(tmp_path) == "none seen"
    memory = surroundings.describe_memory(tmp_path)
    assert memory["limit_gib"] == "none"
    assert (memory["huge_pages"], memory["idle_page_reclaim"]) == ("not readable",) * 2
    assert storage.describe_storage(tmp_path, tmp_path) == {"file_system": "not readable"}
    assert machine.pressure(tmp_path) is None


def test_a_file_that_may_not_be_read_is_not_readable(tmp_path: Path) -> None:
    assert reading.read(tmp_path) is None  # a folder: the kernel refuses
    assert reading.told(None) == reading.told("") == "not readable"


def test_conditions_are_read_before_and_after() -> None:
    before, after = machine.conditions(), machine.conditions()
    assert set(before) == {"load", "stolen_s", "mhz", "pressure"}
    for name in ("load", "stolen_s"):
        assert before[name] is not None
        assert before[name] >= 0
    assert after["stolen_s"] >= before["stolen_s"]  # type: ignore[operator]


def test_the_pressure_is_the_share_of_the_last_ten_seconds(tmp_path: Path) -> None:
    text = "some avg10=8.93 avg60=12.21 avg300=23.08 total=3249676874\nfull avg10=0.00 total=0\n"
    (tmp_path / "proc/pressure").mkdir(parents=True)
    (tmp_path / "proc/pressure/cpu").write_text(text)
    assert machine.pressure(tmp_path) == 8.93


def raising(error: Exception) -> Callable[[], Any]:
    def ask() -> Any:
        raise error

    return ask


@pytest.mark.parametrize(
    "ask", [lambda: None, raising(NotImplementedError()), raising(FileNotFoundError())]
)
def test_no_clock_rate_is_none(ask: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "cpu_freq", ask)
    assert machine.current_mhz() is None
