"""A million texts on a hundred thousand images go through in flat memory, and a shard of maps."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

IMAGES = int(os.environ.get("FEEDRATE_SCALE", "100000"))
PICTURES = 40
TEXTS = 10
IN_A_SHARD = 500
LIMIT_BYTES = 1 << 30


def make_dataset(folder: Path) -> None:
    """Images that are links to a few files, and a text file of ten quads for each."""
    rng = np.random.default_rng(0)
    for name in ("img", "gt", "pictures"):
        (folder / name).mkdir()
    for number in range(PICTURES):
        pixels = rng.integers(0, 255, (48, 64, 3), np.uint8).repeat(20, 0).repeat(20, 1)
        Image.fromarray(pixels).save(folder / f"pictures/{number}.jpg", quality=30)
    corners = rng.integers(0, 900, (IMAGES, TEXTS, 2))
    sides = rng.integers(8, 150, (IMAGES, TEXTS, 2))
    for number in range(IMAGES):
        picture = folder / f"pictures/{number % PICTURES}.jpg"
        (folder / f"img/img_{number:06}.jpg").hardlink_to(picture)
        boxes = zip(corners[number].tolist(), sides[number].tolist(), strict=True)
        lines = [
            f"{x},{y},{x + w},{y + 2},{x + w},{y + h},{x},{y + h},word" for (x, y), (w, h) in boxes
        ]
        (folder / f"gt/gt_img_{number:06}.txt").write_text("\n".join(lines))


def watch(arguments: list[str], folder: Path) -> tuple[float, int]:
    """Run a verb; return seconds, and the largest memory of all its processes (PSS)."""
    command = [sys.executable, "-c", "from feedrate.cli import main; main()", *arguments]
    began, peak = time.monotonic(), 0
    running = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
    while running.poll() is None:
        peak = max(peak, memory_bytes(running.pid))
        time.sleep(0.5)
    assert running.returncode == 0
    return time.monotonic() - began, peak


def memory_bytes(process: int) -> int:
    total = 0
    try:
        parent = psutil.Process(process)
        for each in (parent, *parent.children(recursive=True)):
            total += each.memory_full_info().pss
    except psutil.Error:  # it has just ended: what was counted so far is still true
        return total
    return total


@pytest.mark.slow
def test_memory_does_not_grow_with_the_dataset(tmp_path: Path) -> None:
    make_dataset(tmp_path)
    where = ["--format", "icdar", "--images", "img", "--annotations", "gt"]
    outputs = ["samples.parquet", "reader.csv"]
    read_s, read_bytes = watch(
        ["prepare-dataset", "--name", "big", *where, *outputs, "source.json"], tmp_path
    )
    by_header = ["--validation", '{"images": "header"}']
    check_s, check_bytes = watch(
        ["validate-dataset", "--name", "big", *by_header, *outputs, "found.csv", "facts.parquet"],
        tmp_path,
    )
    print(f"\n{IMAGES} images, {IMAGES * TEXTS} texts: read in {read_s:.0f} s,", end=" ")
    print(f"checked in {check_s:.0f} s; {max(read_bytes, check_bytes) / 2**20:.0f} MiB at most")
    assert 0 < max(read_bytes, check_bytes) < LIMIT_BYTES
    assert (tmp_path / "facts.parquet").is_file()
    shards = IMAGES // IN_A_SHARD
    codec = ["--codec", "polygons", "--code", "any", "--targets", "{}", "--transform", "opencv"]
    which = ["--shard", str(shards - 1), "--shards", str(shards)]
    shard_s, shard_bytes = watch(
        ["build-maps", *codec, *which, "samples.parquet", "shard"], tmp_path
    )
    print(f"a shard of {IN_A_SHARD} in {shard_s:.0f} s; {shard_bytes / 2**20:.0f} MiB")
    assert 0 < shard_bytes < LIMIT_BYTES
    assert len(list((tmp_path / "shard").iterdir())) == IN_A_SHARD + 1  # the maps and their index
