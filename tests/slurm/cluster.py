"""A real Slurm on one machine: munge, a controller and two nodes, all in one folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from study import ROOT, Study

DAEMONS = ("munged", "slurmctld", "slurmd")
NODES = ("n1", "n2")
CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={ports[0]}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
MinJobAge=3600
KillWait=2
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=8000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=8000
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
# The plug-in hides SLURM_CONF from the srun of a job: where the file is not in /etc, this tells it.
SRUN = """\
#!/bin/sh
SLURM_CONF={folder}/slurm.conf exec {srun} "$@"
"""


@dataclass(frozen=True)
class Cluster:
    """A Slurm that runs, and a Python that has Snakemake's plug-in for it."""

    folder: Path
    python: Path

    def environment(self, study: Study) -> dict[str, str]:
        """The study's own, with this Slurm's commands before all others."""
        inherited = study.environment
        path = f"{self.folder / 'bin'}{os.pathsep}{inherited['PATH']}"
        return inherited | {"PATH": path, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def ask(self, command: str, *arguments: str) -> str:
        """Run one of Slurm's commands and return what it said."""
        environment = os.environ | {"SLURM_CONF": str(self.folder / "slurm.conf")}
        done = subprocess.run(
            [command, *arguments], env=environment, text=True, capture_output=True, check=True
        )
        return done.stdout

    def start(self, study: Study, *arguments: str) -> subprocess.Popen[str]:
        """Start Snakemake with the profile of the repository on this cluster."""
        options = ["--cores", "2", "--workflow-profile", "profiles/slurm"]
        quick = ["--slurm-init-seconds-before-status-checks", "2"]
        quick += ["--seconds-between-status-checks", "2", "--slurm-keep-successful-logs"]
        study_of = ["--configfile", study.configfile]
        return subprocess.Popen(
            [str(self.python), "-m", "snakemake", *options, *quick, *arguments, *study_of],
            cwd=study.folder,
            env=self.environment(study),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, study: Study, *arguments: str) -> str:
        """Run it to its end and return all it said."""
        running = self.start(study, *arguments)
        said = running.communicate()[0]
        assert running.returncode == 0, said
        return said

    def jobs(self) -> dict[str, dict[str, str]]:
        """Every job so far, by its number: what ``scontrol`` knows of it."""
        lines = self.ask("scontrol", "--oneliner", "show", "job").splitlines()
        rows = [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]
        return {row["JobId"]: row for row in rows if "JobId" in row}

    def wait_for_a_job(self, beside: set[str], timeout_s: float = 120) -> str:
        """Return the number of a job that runs now and is none of those known before."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            for number, job in self.jobs().items():
                if number not in beside and job["JobState"] == "RUNNING":
                    return number
            time.sleep(0.2)
        raise AssertionError(f"no job runs after {timeout_s} s: {self.ask('squeue')}")


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Bring up a Slurm in a folder, and end every process of it."""
    for name in ("state", "bin", *NODES):
        (folder / name).mkdir(parents=True)
    _write_config(folder)
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    commands = [_munged(folder), [_found("slurmctld"), "-D"]]
    commands += [[_found("slurmd"), "-D", "-N", node] for node in NODES]
    daemons = []
    try:
        with (folder / "daemons.log").open("w") as log:
            for command in commands:
                # In a session of its own each: an interrupt of the tests is none of the cluster.
                daemons.append(
                    subprocess.Popen(
                        command,
                        env=environment,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
                time.sleep(1)  # the next one connects to it
        made = Cluster(folder, _python_with_plugin(folder))
        _wait_until_idle(made)
        yield made
    finally:
        for daemon in reversed(daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in daemons:
            daemon.wait(timeout=60)


def _found(daemon: str) -> str:
    path = shutil.which(daemon, path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    assert path is not None, f"{daemon} is not installed"
    return path


def missing_daemons() -> list[str]:
    """Which of the programs that a cluster needs are not installed."""
    path = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"
    return [name for name in DAEMONS if shutil.which(name, path=path) is None]


def _munged(folder: Path) -> list[str]:
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    files = {"key-file": key, "socket": folder / "munge.socket", "pid-file": folder / "munge.pid"}
    files |= {"log-file": folder / "munge.log", "seed-file": folder / "munge.seed"}
    options = [f"--{name}={path}" for name, path in files.items()]
    return [_found("munged"), "--foreground", "--force", *options]


def _write_config(folder: Path) -> None:
    host = socket.gethostname().partition(".")[0]
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S607
    text = CONF.format(host=host, user=user, ports=_free_ports(3), folder=folder)
    (folder / "slurm.conf").write_text(text)
    srun = folder / "bin/srun"
    srun.write_text(SRUN.format(folder=folder, srun=_found("srun")))
    srun.chmod(0o755)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _python_with_plugin(folder: Path) -> Path:
    """Add the plug-in to the packages of these tests, in an environment of its own."""
    made = folder / "venv"
    venv.create(made, with_pip=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = made / "lib" / version / "site-packages"
    outside = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "base.pth").write_text("\n".join(outside) + "\n")
    pins = str(ROOT / "envs/slurm.txt")
    subprocess.run(
        [made / "bin/python", "-m", "pip", "install", "--no-deps", "-r", pins],
        check=True,
        capture_output=True,
    )
    return made / "bin/python"


def _wait_until_idle(made: Cluster, timeout_s: float = 60) -> None:
    until = time.monotonic() + timeout_s
    while made.ask("sinfo", "--noheader", "--Node", "--format", "%T").split() != ["idle"] * 2:
        if time.monotonic() > until:
            log = (made.folder / "slurmctld.log").read_text()
            raise AssertionError(f"the nodes are not idle after {timeout_s} s:\n{log[-2000:]}")
        time.sleep(0.5)
