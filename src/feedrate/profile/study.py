"""The profile of a dataset's base pipeline: tasks, each in several fresh processes.

The process is the unit: what lies inside of it (heap, page faults, the luck of its addresses) is
drawn anew with every fork, so intervals are over processes. Tasks take turns, round after round,
so that a drift of the machine falls on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from feedrate.cell import Cell
from feedrate.forkserver import ALLOCATORS, ForkServer, TrialError
from feedrate.machine import fingerprint
from feedrate.matrix import Conditions, plugin_modules
from feedrate.optional import refusal
from feedrate.pairs import IMPORTED_LATE
from feedrate.profile.levels import (
    FORWARD,
    STAGE_OF,
    alone,
    alternatives,
    profiled_modules,
)
from feedrate.profile.summary import OTHER_ALLOCATOR, Replies, describe

ENTRY = "feedrate.profile.clocked:run"

PROCESSES = 6
"""Fresh processes a task: the least that a 95 % interval needs."""

FORWARD_PROCESSES, FORWARD_IMAGES = 2, 8
"""Too few for an interval: on a CPU a forward pass takes half a second an image."""

IMAGES = 64
"""Images of the base pipeline's stages; fewer would hang on single large ones."""

FEWER, FEWEST = 4, 4
"""All else is clocked on a quarter of them, but on no fewer than four."""


AGAIN = 8
"""The first images are delivered once more at the end: by then the process has warmed up."""


@dataclass(frozen=True)
class Task:
    """One thing to be clocked.

    Attributes:
        name: What it is called in the replies.
        request: For `feedrate.profile.clocked.run`.
        allocator: A key of `feedrate.forkserver.ALLOCATORS`.
        processes: Fresh forks that run it.
        required: Whether its refusal fails the profile, instead of being told.
    """

    name: str
    request: Mapping[str, Any]
    allocator: str
    processes: int = PROCESSES
    required: bool = False


def profile(
    base: Cell,
    conditions: Conditions,
    dataset: str,
    index: Path,
    maps_root: Path,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Measure the stages of the base cell, of its alternatives, and the forward pass of a DBNet.

    Args:
        base: The study's base cell.
        conditions: The study's; how many images are profiled follows from them.
        dataset: Its name.
        index: The accepted samples.
        maps_root: Folder of the stored maps by codec; needed only if the base cell reads some.
        progress: Told how many processes have run, and of how many.

    Returns:
        The content of ``results/stages/{dataset}.json``, see `feedrate.profile.summary`.

    Raises:
        feedrate.forkserver.TrialError: A process failed, or the base pipeline refused its data.
    """
    modules = [*IMPORTED_LATE, *profiled_modules(base, conditions.plugins)]
    with TemporaryDirectory(prefix="feedrate-profile-") as folder, ExitStack() as stack:
        servers = {
            name: stack.enter_context(ForkServer(modules, ENTRY, environment))
            for name, environment in ALLOCATORS.items()
        }
        tasks = plan_tasks(base, conditions, index, maps_root, Path(folder))
        absent = Replies(refused=absent_alternatives(base, conditions.plugins))
        session = _Session(servers, conditions.measuring.timeout_s, progress, replies=absent)
        replies = session.run(tasks)
    return {
        "schema": 2,
        "dataset": dataset,
        "levels": alone(base).model_dump(),
        "batch_size": base.batch_size,
        "image_size": conditions.targets.image_size,
        **describe(replies, conditions.targets.image_size, allocators_of(base)),
        "machine": fingerprint(),
    }


def absent_alternatives(base: Cell, plugins: dict[str, dict[str, str]]) -> dict[str, str]:
    """Name the alternatives that this machine lacks something for, each with the reason."""
    reasons = {
        name: [refusal(module) for module in plugin_modules(cell, plugins)]
        for name, cell in alternatives(base).items()
    }
    return {name: reason for name, each in reasons.items() for reason in each if reason}


def plan_tasks(
    base: Cell, conditions: Conditions, index: Path, maps_root: Path, folder: Path
) -> list[Task]:
    """List the tasks in the order of a round; the first of them are run once, and not kept."""
    from feedrate.pairs import trial_spec

    images = min(IMAGES, conditions.work.images)
    few, again = min(images, max(images // FEWER, FEWEST)), min(AGAIN, images)

    def request(task: str, cell: Cell, deliver: int, part: str = "") -> dict[str, Any]:
        spec = replace(
            trial_spec(cell, conditions, index, maps_root), images=images, deliver=deliver
        )
        return {"task": task, "spec": spec.to_json(), "folder": str(folder), "part": part}

    cell = alone(base)
    drawn = cell.with_levels({"targets": "none"})  # what reads no maps of the study
    small = drawn.with_levels({"batch_size": min(base.batch_size, FORWARD_IMAGES)})
    batches = -(-conditions.work.slow_batches // FORWARD_PROCESSES)
    forwards = batches * small.batch_size
    own, other = allocators_of(base)
    return [
        Task("store", request("store", drawn, few), own, 0, required=True),
        Task("stages", request("stages", cell, images + again), own, required=True),
        Task(OTHER_ALLOCATOR, request("stages", cell, few), other, required=True),
        Task("operations", request("operations", drawn, few), own),
        Task("openings", request("openings", drawn, few), own),
        *(
            Task(name, request("part", level, few, STAGE_OF[name.partition("~")[0]]), own)
            for name, level in alternatives(base).items()
        ),
        Task(FORWARD, request("forward", small, forwards), own, FORWARD_PROCESSES, required=True),
    ]


def allocators_of(base: Cell) -> tuple[str, str]:
    """Name the base cell's allocator, and the one it is compared with."""
    (other,) = set(ALLOCATORS) - {base.allocator}
    return base.allocator, other


@dataclass
class _Session:
    """Runs tasks round after round, and remembers who refused."""

    servers: Mapping[str, ForkServer]
    timeout_s: float
    progress: Callable[[int, int], None]
    done: int = 0
    replies: Replies = field(default_factory=Replies)

    def run(self, tasks: Sequence[Task]) -> Replies:
        """Run every task as often as it says, in turn."""
        total = sum(task.processes for task in tasks)
        for task in tasks[:3]:  # files come into memory, and the first of a server are not kept
            self._call(task)
        for number, task in enumerate(_rounds(tasks), start=1):
            if task.name not in self.replies.refused:
                self._keep(task, self._call(task))
            self.progress(number, total)
        return self.replies

    def _keep(self, task: Task, reply: dict[str, Any]) -> None:
        if "refused" in reply:
            self.replies.refused[task.name] = reply["refused"]
        else:
            self.replies.seen.setdefault(task.name, []).append(reply)

    def _call(self, task: Task) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = self.servers[task.allocator].call(task.request, self.timeout_s)
        except TrialError as error:
            raise TrialError(f"{task.name}: {error}") from None
        if task.required and "refused" in reply:
            raise TrialError(f"{task.name}: {reply['refused']}")
        return reply


def _rounds(tasks: Sequence[Task]) -> Iterator[Task]:
    for number in range(max(task.processes for task in tasks)):
        yield from (task for task in tasks if number < task.processes)
