"""One real run of the smoke study, and what is re-made after it, and what is not."""

import json
import os
import re
import signal
import subprocess
import time
from itertools import pairwise

import psutil
import pytest
from study import Study

CELL = "results/trials/smoke/ram_vs_disk/targets~npz_ram.json"
AFTER_A_CELL = {
    "collect_trials",
    "summarise_experiment",
    "plot_figure",
    "judge_claims",
    "fit_model",
    "recommend",
    "confirm_recommendation",
    "write_recommendation",
    "run_notebook",
    "render_notebook",
    "build_report",
    "build_guide",
    "draw_sections",
    "write_manifest",
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = Study.copy(tmp_path_factory.mktemp("smoke"))
    made.snakemake("all")
    return made


def test_the_report_answers_and_every_cell_passed_its_gate(study):
    page = (study.folder / "results/report/index.html").read_text(encoding="utf-8")
    assert "RAM" in page
    for path in (study.folder / "results/trials").rglob("*.json"):
        assert json.loads(path.read_text())["gate"]["failures"] == []


def test_a_second_run_has_nothing_to_do(study):
    assert study.planned() == {}


def test_no_two_trials_overlapped(study):
    spans = []
    for path in (study.folder / "results/trials").rglob("*.json"):
        record = json.loads(path.read_text())
        spans.append((record["started_at"], record["ended_at"]))
    spans.sort()
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def jobs_of_run(said: str) -> set[str]:
    return set(re.findall(r"^(?:local)?rule (\w+):", said, re.MULTILINE)) - {"all", "default"}


def fork_servers(study):
    """Processes of this study that would go on measuring."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "cwd"])
        if "feedrate.forkserver" in (process.info["cmdline"] or [])
        and process.info["cwd"] == str(study.folder)
    ]


def test_a_forced_cell_is_remade_alone_also_after_an_interrupt_and_then_its_descendants(study):
    untouched = study.folder / "results/trials/smoke/aa/reference.json"
    before, made_at = untouched.read_bytes(), untouched.stat().st_mtime_ns
    # A shell lets what it starts in the background ignore interrupts, and children inherit that.
    with (study.folder / "said.txt").open("w+") as said:
        running = subprocess.Popen(
            ["env", "--default-signal=INT", *study.command(CELL, "--force")],  # noqa: S607
            cwd=study.folder,
            env=study.environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        while not fork_servers(study) and running.poll() is None:
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(60) != 0
        said.seek(0)
        assert jobs_of_run(said.read()) == {"measure_cell"}
    assert fork_servers(study) == []
    assert not list(study.folder.rglob("*.tmp*"))
    assert jobs_of_run(study.snakemake(CELL)) == {"measure_cell"}
    assert json.loads((study.folder / CELL).read_text())["gate"]["valid"]
    assert set(study.planned()) == AFTER_A_CELL
    study.snakemake("all")
    assert (untouched.read_bytes(), untouched.stat().st_mtime_ns) == (before, made_at)
    assert study.planned() == {}


CHECK = ("check-report", "--configfile", "config/smoke.yaml", "--notebooks")


def test_a_report_is_what_its_records_give_until_one_number_is_altered(study):
    right = study.feedrate(*CHECK, "5_findings")
    assert right.returncode == 0, right.stderr
    assert "are what 3 cells give" in right.stdout
    page = study.folder / "results/report/index.html"
    table = study.folder / "results/summary/smoke/aa.csv"
    notebook = study.folder / "results/notebooks/5_findings.ipynb"
    for path, notebooks in ((page, ""), (table, ""), (notebook, "5_findings")):
        before = path.read_text(encoding="utf-8")
        altered = re.sub(r"(\d\.\d)(\d)(?=x as fast|,)", _next_digit, before, count=1)
        assert altered != before
        path.write_text(altered, encoding="utf-8")
        try:
            found = study.feedrate(*CHECK, notebooks)
        finally:
            path.write_text(before, encoding="utf-8")
        assert found.returncode != 0
        assert path.name in found.stderr


def _next_digit(found: re.Match[str]) -> str:
    return f"{found[1]}{(int(found[2]) + 1) % 10}"


MADE_BY = {
    "results/model/smoke.json": "fit_model",
    "results/recommendation/smoke.json": "write_recommendation",
    "results/confirmation/smoke.json": "confirm_recommendation",
    "results/published.json": "judge_claims",
    "results/generated/smoke/annotations.json": "generate_dataset",
    "results/datasets/smoke/samples.parquet": "prepare_dataset",
    "results/datasets/smoke/accepted.parquet": "accept_dataset",
    "results/validation/smoke.csv": "validate_dataset",
    "results/validation/smoke.html": "render_validation",
    "results/galleries/smoke": "draw_gallery",
    "results/maps/smoke/npz.json": "verify_maps",
    CELL: "measure_cell",
    CELL.replace(".json", ".batches.parquet"): "measure_cell",
    "results/tables/smoke/aa.csv": "collect_trials",
    "results/summary/smoke/aa.csv": "summarise_experiment",
    "results/stages/smoke.json": "profile_stages",
    "results/memory/smoke.json": "measure_memory",
    "results/harness/smoke.json": "run_seed_harness",
    "results/losses/smoke.json": "measure_losses",
    "results/speed/decoders/smoke.json": "bench_decoders",
    "results/figures/smoke/aa.svg": "plot_figure",
    "results/previews/smoke.png": "preview_targets",
    "results/previews/signs/scene.png": "preview_signs",
    "results/previews/presets/db.png": "preview_presets",
    "results/claims.csv": "judge_claims",
    "results/notebooks/5_findings.html": "render_notebook",
    "results/report/index.html": "build_report",
    "results/report/guide.html": "build_guide",
    "results/sections/smoke": "draw_sections",
    "results/report/selftest.html": "render_selftest",
    "results/manifest.json": "write_manifest",
}


def test_a_deleted_artefact_is_planned_again(study):
    """Some at a time, none made from another: else one would be planned for the other's sake."""
    for paths in unrelated(study.snakemake("all", "--rulegraph", "dot")):
        for path in paths:  # what is set aside keeps its time, so that nothing else looks older
            (study.folder / path).rename(aside_of(study, path))
        try:
            planned = study.planned()
        finally:
            for path in paths:
                aside_of(study, path).rename(study.folder / path)
        assert {MADE_BY[path] for path in paths} <= set(planned), paths
    assert study.planned() == {}


def aside_of(study, path):
    return study.folder / path.replace("/", "_")


def unrelated(graph):
    """Group `MADE_BY` by how far a rule is from the first ones; a rule stands once in a group."""
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)', graph, re.MULTILINE))
    made_from = {name: set() for name in names.values()}
    for source, made in re.findall(r"^\s*(\d+) -> (\d+)", graph, re.MULTILINE):
        made_from[names[made]].add(names[source])

    def depth(rule):
        return 1 + max((depth(source) for source in made_from[rule]), default=0)

    groups = {}
    for path, rule in MADE_BY.items():
        again = sum(rule == MADE_BY[other] for group in groups.values() for other in group)
        groups.setdefault((depth(rule), again), []).append(path)
    return groups.values()


def test_a_deleted_artefact_is_rebuilt(study):
    path = study.folder / "results/summary/smoke/aa.csv"
    before = path.read_bytes()
    path.unlink()
    study.snakemake("results/summary/smoke/aa.csv")
    assert path.read_bytes() == before
    assert study.planned() == {}


def edited(study, old, new):
    path = study.folder / "src/feedrate/targets/kernel.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path, text


def test_a_changed_comment_in_the_kernel_remakes_nothing(study):
    path, text = edited(study, "from __future__", "# a new comment\nfrom __future__")
    try:
        assert study.planned() == {}
    finally:
        path.write_text(text, encoding="utf-8")


def test_a_changed_statement_in_the_kernel_remakes_maps_and_the_cells_that_use_them(study):
    path, text = edited(study, "\n\n\ndef ", "\n\nANOTHER_STATEMENT = 1\n\n\ndef ")
    try:
        planned = study.planned()
    finally:
        path.write_text(text, encoding="utf-8")
    assert planned["build_maps"] == 2
    assert planned["measure_cell"] == 3
    assert "prepare_dataset" not in planned
    assert planned["validate_dataset"] == 1  # it follows the texts into the maps


def test_the_manifest_notices_a_tampered_result(study):
    def check():
        command = ["feedrate", "check-manifest", "results/manifest.json"]
        return subprocess.run(
            command,
            cwd=study.folder,
            env=study.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert check().returncode == 0
    claims = study.folder / "results/claims.csv"
    kept = claims.read_bytes()
    claims.write_bytes(kept + b"\n")
    try:
        done = check()
    finally:
        claims.write_bytes(kept)
    assert done.returncode == 1
    assert "results/claims.csv: altered" in done.stderr


def test_snakemakes_own_report_is_built_offline(study):
    study.snakemake("--report", "results/report/snakemake.html", "all")
    page = (study.folder / "results/report/snakemake.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link)[^>]+(src|href)=\"https?:", page)


def test_an_altered_map_fails_its_verification(study):
    """The last one: the failed job takes its verdict with it, and nothing is re-made after."""
    victim = next((study.folder / "results/maps/smoke/npz").rglob("*.npz"))
    kept = victim.read_bytes()
    victim.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    try:
        said = study.snakemake("results/maps/smoke/npz.json", "--force", check=False)
    finally:
        victim.write_bytes(kept)
    assert victim.name in said
    assert "altered" in said
