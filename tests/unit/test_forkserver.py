"""The fork server: fresh processes, one thread, and nothing left behind."""

import os
import time
from pathlib import Path

import psutil
import pytest

from feedrate.forkserver import ForkServer, TrialError


def entry(request):
    """Run inside a fork; what it does depends on the request."""
    if request["do"] == "fail":
        raise ValueError("the reason")
    if request["do"] == "die":
        os._exit(3)
    if request["do"] == "hang":
        time.sleep(60)
    if request["do"] == "print":
        print("noise on standard output")
    return {"pid": os.getpid(), "parent": os.getppid(), "omp": os.environ["OMP_NUM_THREADS"]}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    with ForkServer(["json"], "test_forkserver:entry") as started:
        yield started


def test_every_call_is_a_fresh_fork_of_one_clean_server(server):
    first, second = (server.call({"do": "nothing"}, 30) for _ in range(2))
    assert first["pid"] != second["pid"]
    assert first["parent"] == second["parent"]


def test_thread_counts_of_the_caller_are_not_inherited(server):
    assert server.call({"do": "nothing"}, 30)["omp"] == "1"


def test_what_a_library_prints_does_not_break_the_protocol(server):
    assert server.call({"do": "print"}, 30)["omp"] == "1"


def test_a_failure_comes_back_with_its_message_and_the_server_lives_on(server):
    with pytest.raises(TrialError, match="ValueError: the reason"):
        server.call({"do": "fail"}, 30)
    assert server.call({"do": "nothing"}, 30)["pid"]


def test_a_child_that_dies_is_told_with_its_exit_status(server):
    with pytest.raises(TrialError, match="exit status 3"):
        server.call({"do": "die"}, 30)


def test_a_child_that_hangs_is_killed_with_everything_it_started(server):
    parent = server.call({"do": "nothing"}, 30)["parent"]
    with pytest.raises(TrialError, match=r"took longer than 0\.5 s"):
        server.call({"do": "hang"}, 0.5)
    assert not psutil.pid_exists(parent)
