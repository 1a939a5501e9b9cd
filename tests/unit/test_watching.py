"""A loader that is watched: what is told of loops whose waiting is known."""

import time

import pytest
from torch.utils.data import DataLoader

import feedrate
from feedrate.waiting import Watched, likely_cause


def seen(**changes: float) -> Watched:
    usual = {
        "batches": 100, "elapsed_s": 10.0, "waited_s": 6.0, "first_s": 0.5, "workers": 2,
        "worker_cpu_s": 19.0, "own_cpu_s": 1.0, "waited_cpu_s": 0.5, "cores": 4,
    }  # fmt: skip
    return Watched(**(usual | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"waited_s": 0.2, "first_s": 0.1}, "it is fed"),
        ({"waited_s": 3.1, "first_s": 3.0}, "the start of the loader"),
        ({}, "on 4 cores: more of them help"),
        ({"cores": 2}, "only less work an image helps"),
        ({"worker_cpu_s": 5.0}, "they wait themselves"),
        ({"worker_cpu_s": 13.0}, "more of them may help, or more batches ahead"),
        ({"workers": 0, "worker_cpu_s": 0.0, "waited_cpu_s": 5.5}, "works in this process"),
        ({"workers": 0, "worker_cpu_s": 0.0, "waited_cpu_s": 0.1}, "nothing works while"),
        ({"worker_cpu_s": 5.0, "busy_s": 26.0}, "other programs take 50% of the 4 cores"),
        ({"busy_s": 40.0}, "on 4 cores: more of them help"),
    ],
)
def test_the_likely_cause(changes: dict[str, float], cause: str) -> None:
    assert cause in likely_cause(seen(**changes))


def test_a_loader_that_fails_at_once_is_not_called_fed() -> None:
    def fails():
        raise OSError("no such file")
        yield

    told: list[str] = []
    with pytest.raises(OSError, match="no such file"):
        list(feedrate.watch(fails(), told.append))
    assert len(told) == 1
    assert "no batch came" in told[0]


def test_an_epoch_is_told_in_one_line() -> None:
    line = seen().describe(3)
    assert line.startswith("epoch 3: waited 6.00 of 10.00 s for the loader (60%), 0.50 s of it")
    assert "\n" not in line


class Slow:
    """Batches that take a while, of which nobody works."""

    def __init__(self, count: int, takes_s: float) -> None:
        self.count, self.takes_s = count, takes_s

    def __len__(self) -> int:
        return self.count

    def __iter__(self):
        for number in range(self.count):
            time.sleep(self.takes_s)
            yield number


@pytest.mark.own_process
def test_what_passes_is_what_the_loader_gave_and_each_epoch_is_told() -> None:
    told: list[str] = []
    watched = feedrate.watch(Slow(5, 0.01), told.append)
    assert len(watched) == 5
    assert list(watched) == list(range(5))
    assert list(watched) == list(range(5))
    assert [line.split(":")[0] for line in told] == ["epoch 1", "epoch 2"]
    first = watched.epochs[0]
    assert first.batches == 5
    assert 0.05 <= first.waited_s <= first.elapsed_s
    assert first.stall_fraction > 0.8
    assert "nothing works while the loop waits" in first.cause or first.others_load > 0.3


def test_a_loader_that_is_wrapped_anew_for_each_epoch_is_counted_on() -> None:
    loader = DataLoader(range(6), batch_size=2)  # type: ignore[arg-type]
    other = DataLoader(range(6), batch_size=2)  # type: ignore[arg-type]
    told: list[str] = []
    for each in (loader, loader, other):
        list(feedrate.watch(each, told.append))
    assert [line.partition(":")[0] for line in told] == ["epoch 1", "epoch 2", "epoch 1"]


def test_what_cannot_be_remembered_is_counted_from_one() -> None:
    batches, told = [1, 2], list[str]()
    for _ in range(2):
        list(feedrate.watch(batches, told.append))
    assert [line.partition(":")[0] for line in told] == ["epoch 1", "epoch 1"]


def test_a_loop_that_takes_its_time_is_fed() -> None:
    told: list[str] = []
    for _ in feedrate.watch(range(10), told.append):
        time.sleep(0.01)
    assert "it is fed" in told[0]


def test_a_loop_that_ends_early_is_told_too() -> None:
    watched = feedrate.watch(Slow(50, 0.001), lambda _: None)
    for number in watched:
        if number == 3:
            break
    assert watched.epochs[0].batches == 4


def test_by_default_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    list(feedrate.watch([1, 2, 3]))
    assert capsys.readouterr().err.startswith("feedrate: epoch 1: waited")


class Busy:
    """Samples that cost processor time."""

    def __len__(self) -> int:
        return 64

    def __getitem__(self, index: int) -> int:
        end = time.process_time() + 0.01
        while time.process_time() < end:
            pass
        return index


@pytest.mark.own_process
def test_processor_time_of_workers_is_seen_though_they_have_ended() -> None:
    watched = feedrate.watch(DataLoader(Busy(), batch_size=4, num_workers=2), lambda _: None)
    assert sum(len(batch) for batch in watched) == 64
    (epoch,) = watched.epochs
    assert epoch.workers == 2
    assert 0.6 <= epoch.worker_cpu_s <= 3.0
    assert epoch.own_cpu_s < epoch.worker_cpu_s


@pytest.mark.own_process
def test_without_workers_the_loop_itself_is_named() -> None:
    watched = feedrate.watch(DataLoader(Busy(), batch_size=4), lambda _: None)
    list(watched)
    (epoch,) = watched.epochs
    assert "the loader works in this process" in epoch.cause or epoch.others_load > 0.3
