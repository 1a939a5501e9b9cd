"""Tests that fork have a process of their own: a mark, and a check that none goes without it.

A process that has run hundreds of tests has native threads (OpenBLAS, Arrow, torch). Forked, it may
leave a child waiting for ever for a lock that one of them held, as forking did once in CI.
"""

import os
import signal
import subprocess
import sys

import pytest

MARK = "own_process"
ALONE = "FEEDRATE_TEST_ALONE"
"""Set in the process of one test."""

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
TIMEOUT_S = 600

_forks = []
os.register_at_fork(before=lambda: _forks.append(1))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run a marked test by a second pytest, in a process that has done nothing else."""
    if ALONE in os.environ or pyfuncitem.get_closest_marker(MARK) is None:
        return None
    inherited = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", pyfuncitem.nodeid],
        cwd=pyfuncitem.config.rootpath,
        env=inherited | ONE_THREAD | {ALONE: "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        told, _ = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its children too: they hold the pipe open
        told, _ = process.communicate()
        told += f"\nstopped after {TIMEOUT_S} s"
    if process.returncode != 0:
        pytest.fail(f"in its own process:\n{told}", pytrace=False)
    return True


@pytest.fixture(autouse=True)
def _forks_alone(request):
    """Fail a test that forks this process, and has no process of its own."""
    before = len(_forks)
    yield
    if ALONE not in os.environ and len(_forks) > before:
        pytest.fail(f"{request.node.nodeid} forks: mark it {MARK}", pytrace=False)
