"""The machine's state: what changes from minute to minute and moves a figure.

Sources: getloadavg(3), proc_stat(5), and the kernel's accounting/psi.rst.
"""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from feedrate.machine.reading import ROOT, read


def conditions() -> dict[str, float | None]:
    """Return the load, the seconds stolen since boot, the clock rate and the pressure on the CPU.

    To be called before and after a trial, never inside its timed part: it reads several files.
    """
    return {
        "load": load_average(),
        "stolen_s": stolen_s(),
        "mhz": current_mhz(),
        "pressure": pressure(),
    }


def load_average() -> float:
    """Return the load of the last minute."""
    return os.getloadavg()[0]


def stolen_s() -> float:
    """Return the seconds that a hypervisor has taken from all cores since boot."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


def current_mhz() -> float | None:
    """Return the clock rate, mean of the cores; None where none is told.

    A virtual machine often tells its nominal rate, whatever the host's cores do.
    """
    try:
        rate = psutil.cpu_freq()
    except (NotImplementedError, OSError):
        return None
    return round(rate.current, 1) if rate and rate.current else None


def pressure(root: Path = ROOT) -> float | None:
    """Return the share of the last ten seconds in which something waited for a core, in per cent.

    None where the kernel does not count it.
    """
    for line in (read(root / "proc/pressure/cpu") or "").splitlines():
        kind, *numbers = line.split()
        if kind == "some":
            return float(dict(number.split("=") for number in numbers)["avg10"])
    return None
