"""A clean process that has imported but run nothing; every trial is a fork of it.

So heap, page faults and import history are equal on both sides of a pair. One server serves one
environment (thread counts and the allocator are read when a process starts). Requests and replies
are one JSON line each, over the server's standard input and output.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TextIO

THREAD_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "GOTO_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}
"""Snakemake exports these with the rule's thread count; a trial must not inherit that."""


ALLOCATORS: dict[str, dict[str, str]] = {
    "default": {},
    "tuned": {
        "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
        "MALLOC_TRIM_THRESHOLD_": str(4 << 30),
        "MALLOC_TOP_PAD_": str(64 << 20),
    },
}
"""Variables that glibc reads when a process starts. Tuned: large arrays come from the heap, which
is kept when they are freed, so that the next one need not be faulted in page by page."""

DECISIVE = ("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD", "OMP_", "MKL_", "OPENBLAS_", "NUMBA_")
"""Beginnings of the names of variables that change how fast a process runs."""


class TrialError(RuntimeError):
    """A trial failed or took too long; its job fails with it."""


def variables_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a server started with `environment` sees and that may matter."""
    seen = _environment(environment)
    return {name: seen[name] for name in sorted(seen) if name.startswith(DECISIVE)}


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **THREAD_ENVIRONMENT, **environment}


class ForkServer:
    """Starts the server, sends it work, and takes it down whatever happens.

    Args:
        modules: What the server imports before its first fork.
        entry: ``"module:function"``, called in each child with the request, returns the reply.
        environment: Variables set on top of the inherited ones.
    """

    def __init__(
        self, modules: Sequence[str], entry: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "feedrate.forkserver", entry, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(environment or {}),
            text=True,
            start_new_session=True,  # one group to kill: server, child and its workers
        )

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def dead(self) -> bool:
        """Whether it was closed, or has died."""
        return self._process.poll() is not None

    def close(self) -> None:
        """Kill the server and everything it started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait()

    def call(self, request: Mapping[str, Any], timeout_s: float) -> Any:
        """Run the entry function in a fresh fork and return what it returned.

        Raises:
            TrialError: It raised, died, or took longer than `timeout_s`.
        """
        assert self._process.stdin is not None  # noqa: S101  for the type checker: both are pipes
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], timeout_s)
        if not ready:
            self.close()
            raise TrialError(f"took longer than {timeout_s:g} s and was killed")
        line = self._process.stdout.readline()
        if not line:
            raise TrialError(f"the fork server died (exit status {self._process.wait()})")
        reply = json.loads(line)
        if "error" in reply:
            raise TrialError(reply["error"])
        return reply["result"]


class Servers:
    """One clean server for each environment; started when first asked for, anew if it has died.

    Args:
        modules: What every server imports before its first fork.
        entry: See `ForkServer`.
    """

    def __init__(self, modules: Sequence[str], entry: str) -> None:
        self._modules, self._entry = modules, entry
        self._servers: dict[tuple[tuple[str, str], ...], ForkServer] = {}

    def __enter__(self) -> Servers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self._servers.values():
            server.close()

    def of(self, environment: Mapping[str, str]) -> ForkServer:
        """Return the server whose children see these variables on top of the inherited ones."""
        key = tuple(sorted(environment.items()))
        if key not in self._servers or self._servers[key].dead:
            self._servers[key] = ForkServer(self._modules, self._entry, environment)
        return self._servers[key]


def serve(entry: str, modules: Sequence[str]) -> None:
    """Import, then fork once a request line until standard input ends."""
    replies = _take_stdout()
    for module in modules:
        importlib.import_module(module)
    module_name, _, function_name = entry.partition(":")
    function = getattr(importlib.import_module(module_name), function_name)
    # Else every child pays for looking through all that was imported, at a moment of its own.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _run_child(function, json.loads(line), writer)
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as stream:
            reply = stream.read()
        _, status = os.waitpid(child, 0)
        if not reply:
            code = os.waitstatus_to_exitcode(status)
            reply = json.dumps({"error": f"the trial's process died (exit status {code})"})
        replies.write(reply + "\n")
        replies.flush()


def _run_child(function: Any, request: Any, writer: int) -> None:
    """Run one request and leave without the server's exit handlers."""
    try:
        reply = {"result": function(request)}
    except BaseException as error:  # noqa: BLE001  every failure must reach the parent
        traceback.print_exc()
        reply = {"error": f"{type(error).__name__}: {error}"}
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(reply))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _take_stdout() -> TextIO:
    """Keep standard output for replies; what libraries print goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return replies


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2:])
