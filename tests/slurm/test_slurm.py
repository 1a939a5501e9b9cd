"""The profile of Slurm on a real Slurm: the same maps, and no work lost to a kill or a drain."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import NODES, Cluster, cluster, missing_daemons
from study import Study

MAPS = "results/maps/smoke/npz"
VERDICT = f"{MAPS}.json"
RECORD = "results/trials/smoke/aa/reference.json"
MISSING = missing_daemons()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The dataset and its maps, made without Slurm."""
    made = Study.copy(tmp_path_factory.mktemp("local"))
    made.snakemake(VERDICT)
    return made


@pytest.fixture(scope="module")
def study(slurm: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The same, made on Slurm from the very first rule."""
    made = Study.copy(tmp_path_factory.mktemp("cluster"))
    slurm.run(made, VERDICT)
    return made


def contents(study: Study, folder: str) -> dict[str, bytes]:
    root = study.folder / folder
    files = [path for path in root.rglob("*") if path.is_file() and "snakemake" not in path.name]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_the_maps_are_the_same_to_the_last_bit(local: Study, study: Study, slurm: Cluster) -> None:
    made = contents(study, MAPS)
    assert sum(name.endswith(".npz") for name in made) == 24
    assert made == contents(local, MAPS)
    assert {job["JobState"] for job in slurm.jobs().values()} == {"COMPLETED"}
    assert study.planned(VERDICT) == {}


def test_a_killed_job_is_sent_again(study: Study, slurm: Cluster) -> None:
    before = set(slurm.jobs())
    wanted = contents(study, MAPS)
    shutil.rmtree(study.folder / MAPS)
    (study.folder / VERDICT).unlink()  # Snakemake does not miss what this was made from
    running = slurm.start(study, VERDICT)
    killed = slurm.wait_for_a_job(before)
    slurm.ask("scancel", killed)
    said = running.communicate()[0]
    assert running.returncode == 0, said
    assert slurm.jobs()[killed]["JobState"] == "CANCELLED"
    assert f"SLURM-job '{killed}' failed" in said
    assert contents(study, MAPS) == wanted


def test_a_drained_node_loses_no_work(study: Study, slurm: Cluster) -> None:
    before = set(slurm.jobs())
    wanted = contents(study, MAPS)
    shutil.rmtree(study.folder / MAPS)
    (study.folder / VERDICT).unlink()  # Snakemake does not miss what this was made from
    running = slurm.start(study, VERDICT)
    first = slurm.wait_for_a_job(before)
    node = slurm.jobs()[first]["NodeList"]
    slurm.ask("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    try:
        said = running.communicate()[0]
        assert running.returncode == 0, said
        jobs = {number: job for number, job in slurm.jobs().items() if number not in before}
        assert jobs.pop(first)["JobState"] == "COMPLETED"  # what it had begun, it has finished
        assert {job["NodeList"] for job in jobs.values()} == set(NODES) - {node}
        assert contents(study, MAPS) == wanted
    finally:
        slurm.ask("scontrol", "update", f"nodename={node}", "state=resume")


def test_a_cell_has_its_node_to_itself_and_its_record_names_it(
    study: Study, slurm: Cluster
) -> None:
    before = set(slurm.jobs())
    slurm.run(study, RECORD)
    jobs = [job for number, job in slurm.jobs().items() if number not in before]
    (job,) = [each for each in jobs if "measure_cell" in each["StdOut"]]
    record = json.loads(Path(study.folder / RECORD).read_text())
    assert job["OverSubscribe"] == "NO"
    assert record["gate"]["failures"] == []
    assert record["machine"]["node"] == job["NodeList"]
    assert study.planned(RECORD) == {}  # the submitting machine plans by its own identity
