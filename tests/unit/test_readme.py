"""What the README shows to be copied works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from tiny import make_samples

from feedrate.cell import Cell
from feedrate.configfile import load_config, read_config
from feedrate.matrix import expand
from feedrate.pipeline import Loaded, SilentClock

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str, holding: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return [block for block in found if holding in block]


class Dataset:
    """As much of a pipeline as a loader may rely on."""

    order = (2, 0, 1, 2)
    clock = SilentClock()

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Loaded:
        return Loaded(index, np.zeros((4, 4, 3), np.float32), None, np.empty(0, np.int64))


def test_the_studies_load() -> None:
    (study,) = blocks("yaml", "my_study.yaml")
    (addition,) = blocks("yaml", "plugins:")
    data: dict[str, Any] = yaml.safe_load(study)
    added = yaml.safe_load(addition)
    data["experiments"] |= added.pop("experiments")
    cells = expand(load_config(data | added))
    assert [cell.name for cell in cells] == ["decoder~opencv", "decoder~simplejpeg", "loader~mine"]


@pytest.mark.own_process
def test_the_loader_delivers_the_fixed_work() -> None:
    (code,) = blocks("python", "def build(dataset, cell)")
    module: dict[str, Any] = {}
    exec(code, module)  # noqa: S102  the README's own code
    cell = Cell.model_validate({"workers": 1, "batch_size": 3})
    batches = list(module["build"](Dataset(), cell))
    assert [batch.indices.tolist() for batch in batches] == [[2, 0, 1], [2]]


def test_the_kernel_is_called_as_shown() -> None:
    (code,) = blocks("python", "import build_targets")
    square = np.array([[100, 100], [300, 100], [300, 180], [100, 180]], np.float64)
    names: dict[str, Any] = {"polygons": [square], "ignore": [False]}
    exec(code, names)  # noqa: S102  the README's own code
    targets = SimpleNamespace(**vars(names["targets"]))
    assert targets.shrink_map[140, 200] == 1
    assert targets.shrink_map.shape == targets.threshold_map.shape == (640, 640)
    assert targets.shrink_mask is not None
    assert targets.threshold_mask is not None


def test_the_loader_is_called_as_shown(tmp_path: Path) -> None:
    (code,) = blocks("python", "import build_loader")
    for sample in make_samples(tmp_path / "images", 3):
        text = "5,5,40,5,40,20,5,20,WORD\n"
        (tmp_path / "images" / f"{Path(sample.image_path).stem}.txt").write_text(text)
    names: dict[str, Any] = {}
    exec(code.replace("path/to/dataset", str(tmp_path)), names)  # noqa: S102
    batch = names["batch"]
    assert batch["images"].shape == (3, 3, 640, 640)
    assert batch["prob_maps"].any()
    promised = set(re.findall(r'batch\["(\w+)"\]', code))
    assert promised <= set(batch)


def test_the_cell_to_measure_again_is_one_of_the_default_study() -> None:
    paths = set(re.findall(r"results/trials/(\w+)/(\w+)/([a-z0-9_~+.:-]+)\.json", README))
    config = read_config(ROOT / "config" / "config.yaml")
    cells = {(cell.experiment, cell.name) for cell in expand(config)}
    assert paths
    for dataset, experiment, name in paths:
        assert dataset in config.datasets
        assert (experiment, name) in cells
