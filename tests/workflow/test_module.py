"""Another workflow takes this one as a module: it plans all of it, and really runs a rule."""

import subprocess

import pytest
from study import Study, jobs_of

OUTER = """\
configfile: "config/own.yaml"


module feedrate:
    snakefile:
        "../tools/feedrate/workflow/Snakefile"
    config:
        config["feedrate"]


use rule * from feedrate as feedrate_*


rule own:
    default_target: True
    input:
        rules.feedrate_all.input,
"""
CONFIG = """\
feedrate:
  datasets: {mine: {generator: receipts, count: 4}}
  experiments: {aa: {question: "Is it quiet here?", cells: [{}]}}
"""


@pytest.fixture(scope="module")
def outer(tmp_path_factory):
    """Another workflow's folder, beside a copy of this one."""
    root = tmp_path_factory.mktemp("outer")
    tools = root / "tools" / "feedrate"
    tools.mkdir(parents=True)
    Study.copy(tools)
    folder = root / "analysis"
    (folder / "config").mkdir(parents=True)
    (folder / "Snakefile").write_text(OUTER)
    (folder / "config/own.yaml").write_text(CONFIG)
    return folder


def start(outer, *arguments):
    """Run Snakemake there, with the module's own sources."""
    return subprocess.run(
        ["snakemake", "--cores", "1", *arguments],  # noqa: S607  found in the environment's own folder
        cwd=outer,
        env=Study(outer.parent / "tools/feedrate").environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def snakemake(outer, *arguments):
    done = start(outer, *arguments)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_another_workflow_plans_the_whole_study_under_its_own_names(outer):
    planned = jobs_of(snakemake(outer, "--dry-run"))
    assert planned["feedrate_measure_cell"] == 1
    assert planned["feedrate_run_notebook"] == 5
    assert planned["feedrate_write_manifest"] == 1
    assert [rule for rule in planned if not rule.startswith("feedrate_")] == ["own"]


def test_its_results_lie_with_the_other_workflow(outer):
    made = ("results/generated/mine/annotations.json", "results/report/selftest.html")
    snakemake(outer, *made)
    assert all((outer / path).stat().st_size > 0 for path in made)
    assert len(list((outer / "results/generated/mine/images").glob("*.jpg"))) == 4
    assert not (outer.parent / "tools/feedrate/results").exists()


def test_a_fault_in_its_config_names_the_key(outer):
    (outer / "config/wrong.yaml").write_text("feedrate: {seed: many}\n")
    done = start(outer, "--dry-run", "--configfile", "config/wrong.yaml")
    assert done.returncode != 0
    assert "seed" in done.stdout
    assert "'many'" in done.stdout
