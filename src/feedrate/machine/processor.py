"""The processor: instruction sets, caches, clock rate.

Sources: proc_cpuinfo(5), and the kernel's ABI/testing/sysfs-devices-system-cpu.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from feedrate.machine.cores import CPU
from feedrate.machine.reading import ROOT, count_listed, field, read, told

FLAGS = re.compile(
    r"sse4_2|avx|avx2|fma|f16c|bmi2|avx512\w+|avx_\w+|amx_\w+|asimd\w*|neon|sve\w*|i8mm|bf16"
)
"""Instruction sets that decoders, tensors and compiled loops choose by."""


def list_flags(root: Path = ROOT) -> str:
    """List the instruction sets that matter here; x86 calls them flags, Arm features."""
    text = read(root / "proc/cpuinfo")
    flags = (field(text, "flags") or field(text, "Features") or "").split()
    return told(" ".join(sorted(flag for flag in flags if FLAGS.fullmatch(flag))))


def list_caches(root: Path = ROOT) -> dict[str, str]:
    """List the caches of the first core by name, as ``{"L1d": "32K", ...}``."""
    found = {}
    for folder in sorted((root / CPU / "cpu0/cache").glob("index*")):
        level, kind, size = (read(folder / name) for name in ("level", "type", "size"))
        if level and size:
            suffix = {"Data": "d", "Instruction": "i"}.get(kind or "", "")
            sharing = count_listed(read(folder / "shared_cpu_list")) or 1
            found[f"L{level}{suffix}"] = f"{size}, shared by {sharing}" if sharing > 1 else size
    return found or {"L1d": told(None)}


def read_frequency(root: Path = ROOT) -> dict[str, Any]:
    """Return governor, driver, limits and boost as the first core's frequency policy tells them."""
    policy = root / CPU / "cpu0/cpufreq"
    boost, no_turbo = read(root / CPU / "cpufreq/boost"), read(root / CPU / "intel_pstate/no_turbo")
    if boost is None and no_turbo is not None:
        boost = "0" if no_turbo == "1" else "1"
    return {
        "governor": told(read(policy / "scaling_governor")),
        "driver": told(read(policy / "scaling_driver")),
        "min_mhz": _mhz(read(policy / "scaling_min_freq")),
        "max_mhz": _mhz(read(policy / "scaling_max_freq")),
        "boost": {"0": "off", "1": "on"}.get(boost or "", told(None)),
    }


def _mhz(text: str | None) -> float | str:
    """Turn the kernel's kHz into MHz."""
    return int(text) / 1000 if text and text.isdecimal() else told(None)
