"""The fingerprint: stable facts, one hash."""

import os

from feedrate import machine


def test_the_id_is_stable_and_covers_every_fact():
    facts = machine.fingerprint()
    assert facts == machine.fingerprint()
    assert facts["machine_id"] == machine.machine_id()
    assert facts["versions"]["torch"].startswith("2.13")
    assert 1 <= facts["cores"] <= len(os.sched_getaffinity(0))


def test_a_cgroup_quota_cuts_the_cores_down(monkeypatch, tmp_path):
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(machine, "Path", lambda _: quota)
    quota.write_text("100000 100000\n")
    assert machine.usable_cores() == 1
    quota.write_text("max 100000\n")
    assert machine.usable_cores() == len(os.sched_getaffinity(0))
