"""Hostile input, past one module at a time: nothing in it is run, and all of it is told or read."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tiny import make_samples

from feedrate.cli import feedrate
from feedrate.config import ConfigError
from feedrate.configfile import read_config
from feedrate.index import read_index
from feedrate.targets.codecs.npz import CODEC
from feedrate.targets.params import TargetParams

NAMES = [
    "'quoted' \"twice\".jpg",
    "line\nbreak.jpg",
    "<script>alert(1)<!script>.jpg",
    "$(touch owned) `touch owned` ; touch owned & .jpg",
    "-rf.jpg",
    "{input} {{7*7}} %s.jpg",
    f"{'n' * 246}.jpg",
    "\u202egpj.été.jpg",
]
"""250 characters are what a file name may have here, the suffix with them."""


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[type[io.FileIO], tuple[str, str]]:
        return io.FileIO, (str(self.path), "w")


def test_a_pickle_in_an_archive_of_maps_is_refused_and_not_run(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    trap = np.array([Trap(sprung)], dtype=object)
    data = io.BytesIO()
    np.savez(data, prob_map=trap, thresh_map=trap)
    with pytest.raises(ValueError, match="allow_pickle"):
        CODEC.decode(data.getvalue(), (64, 64), TargetParams())
    assert not sprung.exists()
    pickle.loads(pickle.dumps(Trap(sprung))).close()  # noqa: S301  the trap is a real one
    assert sprung.exists()


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system ['touch {}']", "!!python/name:os.system", "!mine x"]
)
def test_a_tag_in_a_config_is_refused_in_one_line(tmp_path: Path, tag: str) -> None:
    path, owned = tmp_path / "config.yaml", tmp_path / "owned"
    path.write_text(f"title: {tag.format(owned)}\n")
    with pytest.raises(ConfigError, match="not YAML") as refused:
        read_config(path)
    assert str(refused.value).count("\n") == 0
    assert not owned.exists()


def test_names_that_mean_something_to_somebody_else_are_only_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "data"
    made = make_samples(place / "img", len(NAMES))
    (place / "gt").mkdir()
    for sample, name in zip(made, NAMES, strict=True):
        sample.image_path.rename(place / "img" / name)
        (place / "gt" / f"{name.removesuffix('.jpg')}.txt").write_text(
            "10,10,70,12,70,34,10,32,a\n"
        )
    command = ["validate", str(place), "--output", str(tmp_path / "out")]
    result = CliRunner().invoke(feedrate, command)
    assert result.exit_code == 0, result.output
    kept = [sample.key for sample in read_index(tmp_path / "out/icdar/samples.parquet")]
    assert kept == sorted(NAMES)
    page = (tmp_path / "out/icdar/index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert not list(tmp_path.rglob("owned"))
