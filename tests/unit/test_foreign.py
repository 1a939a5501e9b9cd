"""Somebody's own loader: found, opened with other settings, timed, and advised about."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch.utils.data import BatchSampler, DataLoader, IterableDataset, SequentialSampler

from feedrate.cli import feedrate
from feedrate.foreign import source, tryout
from feedrate.foreign.lighter import Lighter, lighten
from feedrate.foreign.stages import time_stages
from feedrate.foreign.tryout import Change, Tried, Tryout, changes_of, combine
from feedrate.report.tryout import say_tryout

CODE = """
import time
import torch
from torch.utils.data import DataLoader

class Squares:
    def __init__(self):
        self.transform = lambda value: (time.sleep(0.004), torch.full((3, 8, 8), float(value)))[1]
    def __len__(self):
        return 64
    def __getitem__(self, index):
        time.sleep(0.001)
        return self.transform(index)

def build():
    return DataLoader(Squares(), batch_size=4)

def numbers():
    for number in range(200):
        time.sleep(0.005)
        yield number

def nothing():
    return 3
"""


@pytest.fixture
def loaders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that lies in the current folder."""
    (tmp_path / "my_loaders.py").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_loaders", raising=False)
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return "my_loaders"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my_loaders", "must be module:function"),
        ("absent_module:build", "No module named 'absent_module'"),
        ("my_loaders:builder", "no function 'builder' there; there are: .*build"),
    ],
)
def test_a_loader_that_is_not_there(loaders: str, name: str, message: str) -> None:
    with pytest.raises(source.LoaderError, match=message):
        source.find_builder(name)


def test_what_cannot_be_iterated_is_refused(loaders: str) -> None:
    with pytest.raises(source.LoaderError, match="returns a int; it must return an iterable"):
        source.open_loader(f"{loaders}:nothing", {})


def test_only_a_dataloader_has_settings(loaders: str) -> None:
    assert source.kind_of(source.open_loader(f"{loaders}:build", {})) == source.TORCH
    numbers = source.open_loader(f"{loaders}:numbers", {})
    assert source.kind_of(numbers) == source.OTHER
    with pytest.raises(source.LoaderError, match="generator has no settings to change"):
        source.open_loader(f"{loaders}:numbers", {"num_workers": 1})


class Counting(IterableDataset[int]):
    def __iter__(self) -> Any:
        return iter(range(10))


@pytest.mark.parametrize(
    "loader",
    [
        DataLoader(list(range(10)), batch_size=3, drop_last=True),  # type: ignore[arg-type]
        DataLoader(list(range(10)), batch_size=3, sampler=[9, 4, 1, 0]),  # type: ignore[arg-type]
        DataLoader(
            list(range(10)),  # type: ignore[arg-type]
            batch_sampler=BatchSampler(SequentialSampler(range(10)), 4, False),
        ),
        DataLoader(list(range(5)), batch_size=None),  # type: ignore[arg-type]
        DataLoader(Counting(), batch_size=4),
    ],
    ids=["plain", "sampler", "batch sampler", "no batches", "iterable"],
)
def test_a_loader_that_is_reopened_gives_what_it_gave(loader: DataLoader[Any]) -> None:
    again = source.reopen(loader, {"num_workers": 0})
    assert [np.asarray(each).tolist() for each in again] == [
        np.asarray(each).tolist() for each in loader
    ]


def test_other_settings_are_those_asked_for() -> None:
    loader = DataLoader(list(range(8)), num_workers=1, prefetch_factor=3)  # type: ignore[arg-type]
    again = source.reopen(loader, {"num_workers": 2})
    assert (again.num_workers, again.prefetch_factor) == (2, 3)
    assert source.reopen(loader, {"num_workers": 0}).prefetch_factor is None
    assert source.reopen(loader, {"prefetch_factor": 6}).prefetch_factor == 6


def test_stages_are_told_apart_and_the_owners_dataset_is_left_alone(loaders: str) -> None:
    loader = source.open_loader(f"{loaders}:build", {})
    transform = loader.dataset.transform  # type: ignore[attr-defined]
    found = time_stages(loader, 3)  # type: ignore[arg-type]
    assert found["samples"] == 12
    stages_ms = found["stages_ms"]
    assert list(stages_ms) == ["dataset", "transform", "collate"]
    assert 1 <= stages_ms["dataset"] < stages_ms["transform"]
    assert stages_ms["transform"] >= 4
    assert loader.dataset.transform is transform  # type: ignore[attr-defined]


def test_what_does_not_show_its_stages_says_so() -> None:
    assert "IterableDataset" in time_stages(DataLoader(Counting()), 1)["why"]
    plain = time_stages(DataLoader(list(range(9)), batch_size=3), 1)  # type: ignore[arg-type]
    assert list(plain["stages_ms"]) == ["dataset", "collate"]
    assert "no transform or transforms" in plain["why"]


def test_a_lighter_batch_has_a_quarter_of_the_bytes_whatever_holds_it() -> None:
    batch = {"a": torch.ones(4), "b": [torch.ones(2), 3], "c": (torch.ones(1, dtype=torch.int64),)}
    found = lighten(batch)
    assert found["a"].dtype == found["b"][0].dtype == torch.uint8
    assert found["b"][1] == 3
    assert found["c"][0].dtype == torch.int64
    assert Lighter(torch.stack)([torch.ones(2), torch.zeros(2)]).tolist() == [[1, 1], [0, 0]]


def test_what_is_tried_depends_on_what_it_is() -> None:
    names = [each.name for each in changes_of({"num_workers": 2, "prefetch_factor": 2}, 4)]
    assert names == [
        *("num_workers=0", "num_workers=1", "num_workers=4", "num_workers=8"),
        *("prefetch_factor=4", "allocator=tuned", "payload=uint8"),
    ]
    names = [each.name for each in changes_of({"num_workers": 0, "prefetch_factor": None}, 2)]
    assert names == ["num_workers=1", "num_workers=2", "num_workers=4", "allocator=tuned"]


def tried(name: str, low: float, same: bool = True, **settings: Any) -> Tried:
    allocator = "tuned" if name.startswith("allocator") else "default"
    return Tried(Change(name, settings, allocator, same), low + 0.1, low, low + 0.2, 6)


def test_the_best_of_each_kind_are_put_together() -> None:
    best = combine(
        [
            tried("num_workers=1", 1.2, num_workers=1),
            tried("num_workers=2", 1.6, num_workers=2),
            tried("prefetch_factor=4", 1.0, prefetch_factor=4),
            tried("allocator=tuned", 1.3),
            tried("payload=uint8", 3.0, same=False, payload="uint8"),
        ]
    )
    assert best == Change("allocator=tuned, num_workers=2", {"num_workers": 2}, "tuned")
    assert combine([tried("num_workers=1", 1.01, num_workers=1)]) is None


NOW = {
    "batches_per_s": 3.0, "batches": 9, "stall_fraction": 0.9, "first_s": 0.4, "cause": "a cause",
}  # fmt: skip
STAGES = {"stages_ms": {"dataset": 3.0, "collate": 1.0}, "why": ""}


def test_advice_is_what_was_confirmed() -> None:
    choice = tried("num_workers=2", 1.5, num_workers=2)
    text = say_tryout(Tryout(source.TORCH, NOW, STAGES, [choice], choice))
    assert "confirmed on fresh pairs, 1.60x as fast (1.50 to 1.70)" in text
    assert "DataLoader(..., num_workers=2)" in text
    assert "75 %" in text
    undone = say_tryout(Tryout(source.TORCH, NOW, STAGES, [choice], tried("num_workers=2", 0.98)))
    assert "looked faster, and was not on fresh pairs" in undone
    assert "DataLoader(" not in undone.partition("What to do")[2]
    nothing = say_tryout(Tryout(source.TORCH, NOW, STAGES, [choice], None))
    assert "Leave its settings alone: none that was tried gains more than 5 %." in nothing
    fed = say_tryout(Tryout(source.TORCH, {**NOW, "stall_fraction": 0.01}, STAGES, [], None))
    assert "hardly waits" in fed


def test_the_allocator_is_told_as_variables() -> None:
    choice = tried("allocator=tuned", 1.5)
    text = say_tryout(Tryout(source.TORCH, NOW, STAGES, [choice], choice))
    assert "export MALLOC_MMAP_THRESHOLD_=1073741824" in text


@pytest.mark.own_process
def test_a_loader_written_by_hand_is_advised(
    loaders: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What comes of it depends on the machine; that it was tried and told does not."""
    monkeypatch.setattr(tryout, "TRIAL_S", 0.3)
    monkeypatch.setattr(
        tryout, "changes_of", lambda *_: [Change("num_workers=2", {"num_workers": 2})]
    )
    output = tmp_path / "found.json"
    run = CliRunner().invoke(
        feedrate, ["advise", "--loader", f"{loaders}:build", "--output", str(output)]
    )
    assert run.exit_code == 0, run.output
    assert "num_workers=2" in run.output
    assert "What to do" in run.output
    assert "transform" in run.output
    (choice,) = json.loads(output.read_text())["tried"]
    assert choice["change"]["name"] == "num_workers=2"
    assert choice["pairs"] >= 6


@pytest.mark.own_process
def test_of_any_other_iterable_the_waiting_is_told(
    loaders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tryout, "TRIAL_S", 0.3)
    run = CliRunner().invoke(feedrate, ["advise", "--loader", f"{loaders}:numbers"])
    assert run.exit_code == 0, run.output
    assert "another iterable" in run.output
    assert "of others the waiting is told" in run.output
    assert "Nothing was tried" in run.output
