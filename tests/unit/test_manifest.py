"""The manifest: what is listed, and what is noticed."""

import base64
import json

import pytest

from feedrate.lineage import origins
from feedrate.manifest import describe_files, faults_of, read_manifest


@pytest.fixture
def results(tmp_path):
    root = tmp_path / "results"
    (root / "maps").mkdir(parents=True)
    for name in ("a.txt", "maps/b.txt", "maps/c.txt", "maps/.snakemake_timestamp"):
        (root / name).write_text(name)
    return root


@pytest.fixture
def manifest(results):
    return {"files": describe_files([results / "a.txt", results / "maps"], results)}


def test_files_and_folders_are_listed(results, manifest):
    assert list(manifest["files"]) == ["a.txt", "maps/b.txt", "maps/c.txt"]
    assert faults_of(manifest, results) == []


def test_any_change_is_noticed(results, manifest):
    (results / "maps/b.txt").write_text("other")
    (results / "maps/c.txt").unlink()
    (results / "maps/line\nbreak").touch()
    assert faults_of(manifest, results) == [
        "'maps/b.txt': altered",
        "'maps/c.txt': missing",
        "'maps/line\\nbreak': foreign: the manifest has no such file",
    ]


def test_a_link_is_no_file_even_if_it_leads_to_the_same_content(results, manifest, tmp_path):
    (results / "a.txt").rename(results / "maps/aside")
    (results / "a.txt").symlink_to("maps/aside")
    (results / "dangling").symlink_to(tmp_path / "nowhere")
    assert [fault.split(":")[0] for fault in faults_of(manifest, results)] == [
        "'a.txt'", "'dangling'", "'maps/aside'",
    ]  # fmt: skip


def test_a_manifest_cannot_ask_for_files_outside(results, manifest):
    manifest["files"] |= {"../outside": {"bytes": 0, "sha256": ""}}
    assert faults_of(manifest, results) == ["'../outside': leads out of the folder"]


@pytest.mark.parametrize("content", [[], {"schema": 1, "files": {}}])
def test_another_manifest_is_refused(results, content):
    (results / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="manifest of schema 2"):
        read_manifest(results)


def test_the_origin_of_an_output_with_a_long_name_is_found(tmp_path):
    name = f"results/{'x' * 300}"
    encoded = base64.urlsafe_b64encode(name.encode()).decode()
    record = tmp_path / "metadata" / f"@{encoded[:200]}" / encoded[200:]
    record.parent.mkdir(parents=True)
    content = {"rule": "a", "input": ["c", "b"], "shellcmd": "a c b", "params": []}
    record.write_text(json.dumps(content))
    assert origins(tmp_path)[name][:2] == ("a", ["b", "c"])
