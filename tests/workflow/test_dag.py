"""Dry runs: what is planned, and which configs are refused before any job starts."""

import re

import pytest
from study import Study, jobs_of

from feedrate.registry import BUILT_STORES, FITTED_STORES, STORED_MAPS


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return Study.copy(tmp_path_factory.mktemp("dag"))


@pytest.mark.parametrize("entry", [(), ("-s", "workflow/Snakefile")], ids=["root", "workflow"])
def test_plain_snakemake_plans_the_whole_study(study, entry):
    planned = jobs_of(study.snakemake("--dry-run", *entry))
    assert planned["measure_cell"] == 3
    assert planned["build_maps"] == 2
    advice = ("fit_model", "recommend", "confirm_recommendation", "write_recommendation")
    assert [planned[rule] for rule in (*advice, "judge_claims", "build_report")] == [1] * 6
    assert planned["run_notebook"] == planned["render_notebook"] == 5


def test_the_default_config_is_used_without_a_configfile(study):
    said = Study(study.folder, "config/config.yaml").snakemake("--dry-run")
    assert "receipts" in said
    assert "smoke" not in said


def test_an_experiment_is_a_target_of_its_own(study):
    planned = study.planned("aa")
    assert planned["measure_cell"] == 1
    assert "build_report" not in planned


def test_a_cell_that_reads_stored_maps_has_the_maps_of_its_codec_made(study, tmp_path):
    config = tmp_path / "codecs.yaml"
    config.write_text(
        "datasets: {smoke: {generator: receipts, count: 8}}\n"
        "maps: {shards: 3, verify: 5}\n"
        f"experiments: {{maps: {{question: '?', vary: {{targets: {list(STORED_MAPS)}}}}}}}\n"
    )
    said = Study(study.folder, str(config)).snakemake("--dry-run", "maps")
    planned, codecs = jobs_of(said), set(STORED_MAPS.values())
    assert planned["verify_maps"] == len(codecs)
    assert planned["build_maps"] == 3 * len(codecs)
    assert planned["measure_cell"] == len(STORED_MAPS) - 1  # npz is the reference itself


def test_a_cell_that_reads_a_built_store_has_it_built_first(study, tmp_path):
    config = tmp_path / "stores.yaml"
    config.write_text(
        "datasets: {smoke: {generator: receipts, count: 8}}\n"
        f"experiments: {{stores: {{question: '?', vary: {{images: {list(BUILT_STORES)}}}}}}}\n"
    )
    said = Study(study.folder, str(config)).snakemake("--dry-run", "-p", "stores")
    planned = jobs_of(said)
    assert planned["build_store"] == planned["measure_cell"] == len(BUILT_STORES)
    recipes = re.findall(r"--store (\w+)\s+--recipe '([^']*)'", said)
    fitted = {store for store, recipe in recipes if '"image_size": 640' in recipe}
    assert fitted == set(FITTED_STORES)
    assert {store for store, recipe in recipes if recipe == "{}"} == set(BUILT_STORES) - fitted


def plan(study, path, content, *targets):
    path.write_text(content)
    return jobs_of(Study(study.folder, str(path)).snakemake("--dry-run", *targets))


AA = "experiments: {aa: {question: '?', cells: [{}]}}\n"


def test_a_dataset_at_an_address_is_fetched_before_it_is_read(study, tmp_path):
    config = f"""\
datasets:
  far: {{url: "https://example.org/a b.zip?x='1'", sha256: "{"0" * 64}", folder: in it}}
{AA}"""
    planned = plan(study, tmp_path / "far.yaml", config, "results/validation/far.html")
    assert planned["fetch_dataset"] == planned["prepare_dataset"] == 1
    assert "generate_dataset" not in planned


def test_a_folder_and_what_it_must_be_apart_from_are_read_where_they_lie(study, tmp_path):
    (tmp_path / "; rm -rf été").mkdir()
    config = f"""\
datasets:
  mine: {{folder: "{tmp_path}/; rm -rf été", maps: "{tmp_path}", apart_from: [smoke]}}
  smoke: {{generator: receipts, count: 8}}
{AA}"""
    target = "results/validation/mine.csv"
    planned = plan(study, tmp_path / "mine.yaml", config, target)
    assert planned["validate_dataset"] == planned["prepare_dataset"] == 2
    said = Study(study.folder, str(tmp_path / "mine.yaml")).snakemake("-n", "-p", target)
    assert f"--folder '{tmp_path}/; rm -rf été'" in said


def test_a_generated_dataset_is_compared_where_a_real_one_is_named(study, tmp_path):
    config = f"""\
datasets:
  smoke: {{generator: receipts, count: 8}}
  mine: {{folder: "{tmp_path}"}}
likeness: {{generated: smoke, real: mine}}
{AA}"""
    path = tmp_path / "likeness.yaml"
    assert plan(study, path, config, "all")["compare_datasets"] == 1
    assert "compare_datasets" not in plan(study, path, config.replace("real: mine", ""), "all")


def test_only_measuring_rules_keep_the_machine_to_themselves(study):
    said = study.snakemake("--dry-run", "--cores", "2", "all")
    exclusive = {
        block.split(":")[0] for block in said.split("\nrule ")[1:] if "threads: 2" in block
    }
    assert {"measure_cell", "profile_stages"} <= exclusive


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("seeed=3", "config: seeed: unknown key; allowed: title, seed"),
        ('base={"workers": -1}', "config: base.workers: '-1' is not allowed"),
        ('base={"decoder": "turbo"}', "config: base.decoder: 'turbo' is unknown; allowed: pillow"),
        ('measuring={"pairs": 2}', "config: measuring.pairs: '2' is not allowed"),
    ],
)
def test_a_wrong_config_is_one_line_before_any_job(study, change, message):
    said = study.snakemake("--dry-run", "all", "--config", change, check=False)
    assert message in said
    assert "Traceback" not in said
    assert "rule " not in said


def test_a_missing_dataset_folder_is_one_line_before_any_job(study, tmp_path):
    config = tmp_path / "absent.yaml"
    config.write_text(
        "datasets: {mine: {format: sroie, images: no/such/folder, annotations: no/such/box}}\n"
        "experiments: {aa: {question: '?', cells: [{}]}}\n"
    )
    said = Study(study.folder, str(config)).snakemake("--dry-run", "all", check=False)
    assert "config: datasets.mine.images: 'no/such/folder' does not exist" in said
    assert "rule " not in said


def test_an_experiment_of_steps_is_held_against_its_limit(study, tmp_path):
    config = """\
datasets: {smoke: {generator: receipts, count: 8}}
experiments: {way: {question: "?", steps: [{decoder: simplejpeg}, {targets: kernel}]}}
"""
    planned = plan(study, tmp_path / "steps.yaml", config)
    assert planned["measure_cell"] == 3
    assert planned["measure_limits"] == planned["judge_speed"] == 1
    assert "sweep_scale" not in planned


def test_costs_are_swept_where_a_study_asks_for_it(study, tmp_path):
    config = f"datasets: {{smoke: {{generator: receipts, count: 8}}}}\nscale: true\n{AA}"
    planned = plan(study, tmp_path / "scale.yaml", config)
    assert planned["sweep_scale"] == 1
    assert "judge_speed" not in planned
