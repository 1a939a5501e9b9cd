"""Tests that fork have a process of their own: a mark, and a check that none goes without it.

A process that has run many tests has native threads. OpenCV's pool locks a mutex that a forked
child may find locked, with nobody left to unlock it: a worker then waits for ever in its first
`cv2` call that uses threads, `setNumThreads` among them. So in its own process nothing has a pool.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

MARK = "own_process"
OUTCOMES = "FEEDRATE_TEST_OUTCOMES"
"""Set in such a process: the file that it writes a line to for each part of a test."""

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
ONE_THREAD["OPENCV_FOR_THREADS_NUM"] = "1"
TIMEOUT_S = 300

_forks = []
os.register_at_fork(before=lambda: _forks.append(1))


@pytest.fixture(scope="module")
def _outcomes(request, tmp_path_factory):
    """What came of the marked tests of a file: parts by node id, and all that was printed."""
    marked = [
        item.nodeid
        for item in request.session.items
        if item.path == request.path and item.get_closest_marker(MARK)
    ]
    lines = tmp_path_factory.mktemp("own_process") / "outcomes.jsonl"
    lines.touch()
    inherited = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *marked],
        cwd=request.config.rootpath,
        env=inherited | ONE_THREAD | {OUTCOMES: str(lines)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        told, _ = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its children too: they hold the pipe open
        told = f"{process.communicate()[0]}\nstopped after {TIMEOUT_S} s"
    parts = {}
    for line in lines.read_text("utf-8").splitlines():
        part = json.loads(line)
        parts.setdefault(part["nodeid"], []).append(part)
    return parts, told


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Answer for a marked test with what came of it in its own process."""
    if OUTCOMES in os.environ or pyfuncitem.get_closest_marker(MARK) is None:
        return None
    seen, told = pyfuncitem._request.getfixturevalue(_outcomes.__name__)
    parts = seen.get(pyfuncitem.nodeid, [])
    for part in parts:
        if part["outcome"] == "skipped":
            pytest.skip(part["text"])
        if part["outcome"] == "failed":
            pytest.fail(f"{part['when']}, in its own process:\n{part['text']}", pytrace=False)
    if [part["when"] for part in parts] != ["setup", "call", "teardown"]:
        pytest.fail(f"its own process did not come to its end:\n{told}", pytrace=False)
    return True


def pytest_runtest_logreport(report):
    """Keep what came of a part of a test, in its own process."""
    if OUTCOMES in os.environ:
        part = {name: getattr(report, name) for name in ("nodeid", "when", "outcome")}
        with Path(os.environ[OUTCOMES]).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(part | {"text": report.longreprtext}) + "\n")


@pytest.fixture(autouse=True)
def _forks_alone(request):
    """Fail a test that forks this process, and has no process of its own."""
    before = len(_forks)
    yield
    if OUTCOMES not in os.environ and len(_forks) > before:
        pytest.fail(f"{request.node.nodeid} forks: mark it {MARK}", pytrace=False)
