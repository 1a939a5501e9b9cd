"""A fabricated result of ``feedrate bench-targets``."""

from __future__ import annotations

from typing import Any

CASES = ("640/100", "640/6 curved")
CODECS = ("npz", "packed")


def make_speed(kernel_ms: float = 0.4) -> dict[str, Any]:
    return {
        "schema": 1,
        "machine": {"cpu": "a CPU"},
        "cases": [_case(name, kernel_ms) for name in CASES],
        "codecs": [_codec(case, codec) for case in CASES for codec in CODECS],
    }


def _case(name: str, kernel_ms: float) -> dict[str, Any]:
    return {
        "case": name,
        "reference_ms": 48.0,
        "kernel_ms": kernel_ms,
        "kernel_fresh_ms": 2 * kernel_ms,
        "floor_ms": 0.04,
        "bytes_written": 2_867_200,
        "speedup": 48.0 / kernel_ms,
        "goal": 100.0,
        "max_threshold_error": 9e-8,
        "different_pixels": {"shrink_map": 0, "shrink_mask": 0, "threshold_mask": 0},
    }


def _codec(case: str, codec: str) -> dict[str, Any]:
    base = codec == "npz"
    return {
        "case": case,
        "codec": codec,
        "bytes": 600_000 if base else 100_000,
        "save_ms": 26.0,
        "load_ms": 7.0 if base else 0.9,
        "load_into_ms": 7.5 if base else 0.6,
        "load_uint8_ms": None if base else 0.2,
        "smaller": 1.0 if base else 6.0,
        "faster": 1.0 if base else 35.0,
        "goal_smaller": None,
        "goal_faster": None,
    }
