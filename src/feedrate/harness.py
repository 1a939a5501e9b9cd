"""The published way of timing, replayed beside ours: it shows a mechanism and decides nothing.

The write-up timed whole training processes, one an arm, in a fixed order, with training limited to
0 batches. Lightning's fit loop is then skipped, and with it the validation that was to be timed:
the preloaded maps are paid for, and only its sanity check of one batch reads any of them. What
runs after that is a test pass, over a dataset that reads its maps from disk in either arm.

Each arm here is a process of its own that takes the same steps with our pipeline, without the
network, which is the same in both arms. Nothing is done to be fair: that is what is replayed.
"""

from __future__ import annotations

import importlib
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from feedrate.cell import Cell
from feedrate.forkserver import TrialError
from feedrate.gate import judge
from feedrate.machine import fingerprint, load_average, stolen_s
from feedrate.matrix import Conditions, plugin_modules
from feedrate.proofs import Check
from feedrate.registry import Plugins, resolve
from feedrate.stages import COLUMNS

DISK, RAM = "npz", "npz_ram"
ARMS = {"warm_up": RAM, "disk": DISK, "ram": RAM}
"""The processes in the order they ran in, and where the maps of their validation set came from."""

TRAIN_BATCHES, SANITY_BATCHES, TEST_IMAGES = 0, 1, 50
"""As published: ``limit_train_batches``, ``num_sanity_val_steps``, ``test_num_samples``."""


@dataclass(frozen=True)
class Request:
    """What an arm's process is told; plain values, for it travels as JSON.

    Attributes:
        levels: The level of every factor, the maps' one included.
        index: The accepted samples (`feedrate.index`): the validation set.
        maps_dir: Folder of the stored ``npz`` maps.
        image_size: Side of the square input (px).
        params: Fields of `TargetParams`.
        plugins: The config's own plug-ins.
        train_batches: The limit on training.
    """

    levels: Mapping[str, str | int]
    index: str
    maps_dir: str
    image_size: int
    params: Mapping[str, Any]
    plugins: Plugins
    train_batches: int = TRAIN_BATCHES


@dataclass(frozen=True)
class Pass:
    """One pass over a loader: the batches that came, and their maps that came out of a cache."""

    batches: int = 0
    cache_reads: int = 0
    s: float = 0.0


def run_seed_harness(
    base: Cell,
    conditions: Conditions,
    dataset: str,
    index: Path,
    maps_root: Path,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Time every arm as published, and say what the exercise gate thinks of it.

    Args:
        base: The study's base cell; only where the maps come from is changed.
        conditions: The study's; of its measuring only the time limit is heeded.
        dataset: The dataset's name.
        index: Its accepted samples.
        maps_root: Folder with one folder of stored maps a codec.
        progress: Told the number of arms done and to do.

    Returns:
        The content of ``results/harness/{dataset}.json``. ``published_ratio`` is disk over RAM;
        ``extra_wall_s`` and ``extra_preload_s`` are what the RAM arm took more, altogether and for
        its preload; ``order_s`` is what the same arm took more as the warm-up, by its place alone.

    Raises:
        TrialError: An arm failed or took too long; the message names it.
    """
    arms: list[dict[str, Any]] = []
    for order, (arm, targets) in enumerate(ARMS.items()):
        progress(order, len(ARMS))
        request = _request(base.with_levels({"targets": targets}), conditions, index, maps_root)
        seen = _time_process(arm, request, conditions.measuring.timeout_s)
        arms.append({"arm": arm, "order": order, **seen, "gate": judge(list(_checks(arm, seen)))})
    progress(len(ARMS), len(ARMS))
    warm_up, disk, ram = arms
    return {
        "schema": 1,
        "dataset": dataset,
        "machine": fingerprint(),
        "experiment": "seed_harness",
        "cell": f"targets~{RAM}",
        "images": ram["images"],
        "batch_size": base.batch_size,
        "arms": arms,
        "published_ratio": disk["wall_s"] / ram["wall_s"],
        "extra_wall_s": ram["wall_s"] - disk["wall_s"],
        "extra_preload_s": ram["preload_s"] - disk["preload_s"],
        "order_s": warm_up["wall_s"] - ram["wall_s"],
    }


def harnessed_modules(base: Cell, plugins: dict[str, dict[str, str]]) -> list[str]:
    """List the modules of all plug-ins that the arms of this base cell run."""
    cells = [base.with_levels({"targets": targets}) for targets in (DISK, RAM)]
    return sorted({name for cell in cells for name in plugin_modules(cell, plugins)})


def _request(cell: Cell, conditions: Conditions, index: Path, maps_root: Path) -> Request:
    return Request(
        levels=cell.model_dump(),
        index=str(index),
        maps_dir=str(maps_root / DISK),
        image_size=conditions.targets.image_size,
        params=conditions.targets.model_dump(exclude={"image_size"}),
        plugins=conditions.plugins,
    )


def _time_process(arm: str, request: Request, timeout_s: float) -> dict[str, Any]:
    """Run an arm; the time is that of the whole process, from before its start to its end."""
    command = [sys.executable, "-m", __name__, json.dumps(asdict(request))]
    load_before, stolen_before = load_average(), stolen_s()
    began = time.perf_counter()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise TrialError(f"{arm}: took longer than {timeout_s:g} s and was killed") from None
    wall_s = time.perf_counter() - began
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise TrialError(f"{arm}: {last}")
    return {
        "wall_s": wall_s,
        **json.loads(done.stdout.splitlines()[-1]),
        "load_before": load_before,
        "load_after": load_average(),
        "steal_s": stolen_s() - stolen_before,
    }


def _checks(arm: str, seen: Mapping[str, Any]) -> Iterator[tuple[str, Check]]:
    """What a reader of the timing takes for granted: a whole validation epoch, from the cache."""
    expected, batches = seen["validation_batches_expected"], seen["validation_batches"]
    yield arm, Check("validation batches", str(expected), str(batches), expected == batches)
    if entries := seen["cache_entries"]:
        reads = seen["cache_reads"]
        said = f"cache built, {reads} reads ({seen['sanity_cache_reads']} in the sanity check)"
        wanted = f"{entries} maps read from it while validating"
        yield arm, Check("cache", wanted, said, reads == entries)


def replay(request: Request) -> dict[str, Any]:
    """Take the published steps in this process and say what was done, and how long each took.

    Returns:
        ``imports_s preload_s sanity_s validation_s test_s``, and what `_checks` asks for.
    """
    cell, began = Cell.model_validate(request.levels), time.perf_counter()
    for module in ("feedrate.trial", *plugin_modules(cell, dict(request.plugins))):
        importlib.import_module(module)
    imported = time.perf_counter()
    from feedrate.index import read_index

    samples = read_index(Path(request.index))
    opened = time.perf_counter()
    loader, entries = _open(request, cell, samples)
    preloaded = time.perf_counter()
    sanity = _deliver(loader, SANITY_BATCHES)
    validation = _fit(loader, request.train_batches)
    test = _deliver(_open(request, cell.with_levels({"targets": DISK}), samples[:TEST_IMAGES])[0])
    return {
        "images": len(samples),
        "imports_s": imported - began,
        "preload_s": preloaded - opened,
        "sanity_s": sanity.s,
        "validation_s": validation.s,
        "test_s": test.s,
        "cache_entries": entries,
        "cache_reads": validation.cache_reads,
        "sanity_cache_reads": sanity.cache_reads,
        "sanity_batches": sanity.batches,
        "validation_batches_expected": math.ceil(len(samples) / cell.batch_size),
        "validation_batches": validation.batches,
        "test_batches": test.batches,
    }


def _open(request: Request, cell: Cell, samples: Sequence[Any]) -> tuple[Iterable[Any], int]:
    """Return a loader over all samples, and how many maps it keeps in memory."""
    from feedrate.pipeline import Setting, build_pipeline
    from feedrate.stages import StageClock
    from feedrate.targets.params import TargetParams
    from feedrate.targets.sources.stored import DecodedSource

    params = TargetParams(**request.params)
    setting = Setting(Path(request.maps_dir), request.image_size, params, request.plugins)
    pipeline = build_pipeline(cell, samples, range(len(samples)), setting, StageClock())
    entries = len(pipeline.source.maps) if isinstance(pipeline.source, DecodedSource) else 0
    loader: Iterable[Any] = resolve("loaders", cell.loader, request.plugins)(pipeline, cell)
    return loader, entries


def _fit(loader: Iterable[Any], train_batches: int) -> Pass:
    """Train, then validate. Without a batch to train on the whole loop is skipped, as Lightning's.

    Lightning 2.5.5: ``_FitLoop.skip`` is true, and ``run`` returns before any epoch.
    """
    if train_batches == 0:
        return Pass()
    _deliver(loader, train_batches)
    return _deliver(loader)


def _deliver(loader: Iterable[Any], most: int | None = None) -> Pass:
    began, counted, reads = time.perf_counter(), COLUMNS.index("target_memory"), list[int]()
    for batch in islice(loader, most):
        rows = getattr(batch, "rows", None)  # a user's own loader may drop them
        reads.append(int(rows[:, counted].sum()) if rows is not None else 0)
    return Pass(len(reads), sum(reads), time.perf_counter() - began)


if __name__ == "__main__":
    print("\n" + json.dumps(replay(Request(**json.loads(sys.argv[1])))))
