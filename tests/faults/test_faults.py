"""Faults, done for real: after each, nothing half-written counts, and what was finished is kept."""

import os
import signal
import subprocess
import time

import psutil
import pytest
from study import Study, jobs_of

pytestmark = pytest.mark.slow

CELL = "results/trials/smoke/aa/reference.json"
MAPS = "results/maps/smoke/npz.json"
SHARD = "results/maps/smoke/npz/0"
WAIT_S = 120


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = Study.copy(tmp_path_factory.mktemp("faults"))
    made.snakemake(CELL, MAPS)
    return made


@pytest.fixture(autouse=True)
def _repaired(study):
    """Whatever a test did: one command takes the study up again, and then nothing is left to do."""
    finished = state_of(study)
    yield
    study.snakemake("--unlock")
    study.snakemake(CELL, MAPS)
    assert study.planned(CELL, MAPS) == {}
    assert set(state_of(study)) == set(finished)
    assert half_written(study) == []


def state_of(study):
    """Every artefact, with its time: what is kept has the same one."""
    return {
        path.relative_to(study.folder).as_posix(): path.stat().st_mtime_ns
        for path in (study.folder / "results").rglob("*")
        if path.is_file() and path.name != ".snakemake_timestamp"
    }


def half_written(study):
    return [path for path in (study.folder / "results").rglob(".*") if ".tmp" in path.name]


def start(study, *arguments):
    return subprocess.Popen(
        study.command(*arguments),
        cwd=study.folder,
        env=study.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def processes(study, word):
    """Processes of this study that have a word in their command line."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "cwd"])
        if word in (process.info["cmdline"] or []) and process.info["cwd"] == str(study.folder)
    ]


def wait_for(condition, running):
    end = time.monotonic() + WAIT_S
    while not (found := condition()):
        assert running.poll() is None, f"it ended before: {running.communicate()[0]}"
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)
    return found


def remade(study, before):
    return {path for path, made_ns in state_of(study).items() if before.get(path) != made_ns}


def kill_all(study, running):
    """End a group at once, and what has a session of its own: as when the power is cut."""
    servers = processes(study, "feedrate.forkserver")
    os.killpg(running.pid, signal.SIGKILL)
    for process in servers:
        process.kill()
    running.communicate()


def test_everything_killed_in_the_middle_of_a_shard(study):
    before = state_of(study)
    running = start(study, SHARD, "--force")
    wait_for(lambda: (study.folder / SHARD).with_name(".0.tmp").exists(), running)
    kill_all(study, running)
    assert not (study.folder / SHARD).exists()
    study.snakemake("--unlock")
    assert jobs_of(study.snakemake(SHARD)) == {"build_maps": 1}
    assert all(path.startswith(f"{SHARD}/") for path in remade(study, before))


def test_everything_killed_in_the_middle_of_a_pair(study):
    before = state_of(study)
    running = start(study, CELL, "--force")
    wait_for(lambda: processes(study, "feedrate.forkserver"), running)
    kill_all(study, running)
    assert not (study.folder / CELL).exists()
    study.snakemake("--unlock")
    assert jobs_of(study.snakemake(CELL)) == {"measure_cell": 1}
    assert all(path.startswith(CELL[: -len(".json")]) for path in remade(study, before))


def test_the_fork_server_alone_is_killed(study):
    running = start(study, CELL, "--force")
    for process in wait_for(lambda: processes(study, "feedrate.forkserver"), running):
        process.kill()
    said = running.communicate(timeout=WAIT_S)[0]
    assert running.returncode != 0
    assert "the fork server died" in said
    assert not (study.folder / CELL).exists()


def test_a_second_run_at_once_is_refused_and_disturbs_nothing(study):
    running = start(study, CELL, "--force")
    wait_for(lambda: processes(study, "feedrate.forkserver"), running)
    said = study.snakemake(CELL, "--force", check=False)
    assert "locked" in said
    told = running.communicate(timeout=WAIT_S)[0]
    assert running.returncode == 0, told


def in_mounts_of_its_own(study, mount, *arguments):
    """Run Snakemake where something else is mounted; nobody outside of it sees the mount."""
    namespace = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "true"], check=False).returncode:
        pytest.skip("this machine lets nobody have mounts of their own (unshare)")
    # What was left is listed inside, for the mount is gone with the command.
    script = f'{mount} && {{ "$@"; echo rc $?; find results/maps -type f; }}'
    return subprocess.run(
        [*namespace, "sh", "-c", script, "sh", *study.command(*arguments)],
        cwd=study.folder,
        env=study.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout


def test_a_full_disk_leaves_no_half_of_a_shard(study):
    mount = "mount -t tmpfs -o size=64k tmpfs results/maps/smoke/npz"
    said = in_mounts_of_its_own(study, mount, SHARD, "--force")
    assert "No space left on device" in said
    assert "rc 0" not in said
    left = [line for line in said.splitlines() if line.startswith("results/maps/smoke/npz/")]
    assert left == []


def test_read_only_results_are_told_and_stay(study):
    before = state_of(study)
    mount = "mount --bind results results && mount -o remount,bind,ro results"
    said = in_mounts_of_its_own(study, mount, CELL, "--force")
    assert "Read-only file system" in said
    assert "rc 0" not in said
    assert state_of(study) == before
