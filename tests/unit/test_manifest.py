"""The manifest: what is listed, and what is noticed."""

from feedrate.manifest import altered_files, describe_files


def test_files_and_folders_are_listed_and_any_change_is_noticed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "maps").mkdir()
    for name in ("a.txt", "maps/b.txt", "maps/c.txt"):
        (tmp_path / name).write_text(name)
    manifest = describe_files([tmp_path / "a.txt", tmp_path / "maps"])
    assert len(manifest["files"]) == 3
    assert altered_files(manifest, tmp_path) == []
    (tmp_path / "maps/b.txt").write_text("other")
    (tmp_path / "maps/c.txt").unlink()
    faults = altered_files(manifest, tmp_path)
    assert [fault.rpartition(": ")[2] for fault in faults] == ["altered", "missing"]
