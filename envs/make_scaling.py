"""Measure what an image costs in each rule, and a plan in Snakemake: the tables of docs/SCALING.md.

Run it as ``make scaling``, where nothing else runs. It generates two small datasets, takes each
through the verbs, and divides the difference in processor time and bytes by the difference in
images: what a process costs to start is no cost of an image, and stands in a column of its own.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/SCALING.md"
COUNTS = (20, 80)
SHARDS = (1, 100, 1000)
CODECS = ("npz", "packed", "polygons")
NOTES = "g/annotations.json"
TARGETS = ["--targets", "{}", "--transform", "opencv"]
RECIPE = json.dumps({"decoder": "opencv", "transform": "opencv", "image_size": 640})
STORES = {"tar": "{}", "decoded_mmap": RECIPE, "resized_jpeg": RECIPE}


@dataclass(frozen=True)
class Step:
    """A verb, and what it writes that stays."""

    name: str
    arguments: tuple[str, ...]
    kept: str = ""


def steps(count: int) -> list[Step]:
    """List the verbs that a dataset goes through, in their order."""
    made = ("--name", "d", "--format", "seed_json", "--images", "g/images")
    read = (*made, "--annotations", NOTES, "s.parquet", "f.csv", "s.json")
    first = [
        Step("generate_dataset", _generate(count), "g/images"),
        Step("prepare_dataset", read),
        Step("validate_dataset", ("--name", "d", "s.parquet", "f.csv", "v.csv", "v.parquet")),
        Step("accept_dataset", _accept()),
    ]
    return [*first, *(step for codec in CODECS for step in _maps(codec)), *_stores()]


def _generate(count: int) -> tuple[str, ...]:
    return ("--generator", "receipts", "--count", str(count), "--seed", "7", NOTES)


def _accept() -> tuple[str, ...]:
    return ("--name", "d", "--on-error", "exclude", "s.parquet", "v.csv", "a.parquet", "a.json")


def _maps(codec: str) -> list[Step]:
    how = ("--codec", codec, "--code", "measured", *TARGETS)
    build = (*how, "--shard", "0", "--shards", "1", "a.parquet", f"m/{codec}/0")
    verify = (*how, "--dataset", "d", "--recompute", "all", "a.parquet", f"{codec}.json")
    return [
        Step(f"build_maps {codec}", build, f"m/{codec}"),
        Step(f"verify_maps {codec}", (*verify, f"m/{codec}/0")),
    ]


def _stores() -> list[Step]:
    how = ("--dataset", "d", "--code", "measured")
    made = []
    for store, recipe in STORES.items():
        what = ("--store", store, "--recipe", recipe)
        where = ("a.parquet", f"t/{store}", f"{store}.json")
        made.append(Step(f"build_store {store}", (*how, *what, *where), f"t/{store}"))
    return made


def cpu_s(command: list[str], folder: Path) -> float:
    """Run a command; return the processor seconds of all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bytes_in(path: Path) -> int:
    """Count what lies in a folder."""
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def measure(count: int) -> dict[str, tuple[float, int]]:
    """Take a dataset of `count` images through every verb: processor seconds, bytes kept."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for step in steps(count):
            verb = step.name.split()[0].replace("_", "-")
            command = [str(Path(sys.executable).parent / "feedrate"), verb, *step.arguments]
            spent = cpu_s(command, folder)
            found[step.name] = (spent, bytes_in(folder / step.kept) if step.kept else 0)
    return found


def cost_rows() -> list[str]:
    """Render the table of costs: a row a rule."""
    few, many = (measure(count) for count in COUNTS)
    more = COUNTS[1] - COUNTS[0]
    rows = []
    for name, (spent, size) in many.items():
        each_s, each_bytes = (spent - few[name][0]) / more, (size - few[name][1]) / more
        start_s = max(0.0, spent - each_s * COUNTS[1])
        shown = f"{each_bytes / 1000:.1f}" if each_bytes else ""
        rows.append(
            f"| `{name}` | {each_s * 1000:.1f} | {start_s:.1f} | {shown} "
            f"| {each_s * 1e6 / 3600:.1f} | {each_s * 1e9 / 3600:,.0f} "
            f"| {f'{each_bytes * 1e6 / 1e9:,.0f}' if each_bytes else ''} |"
        )
    return rows


def plan_rows() -> list[str]:
    """Render the table of plans: processor seconds of a dry run, by the number of shards."""
    rows = []
    config = (ROOT / "config/smoke.yaml").read_text(encoding="utf-8")
    for shards in SHARDS:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name, "study.yaml")
            path.write_text(re.sub(r"shards: \d+", f"shards: {shards}", config), encoding="utf-8")
            snakemake = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "-n"]
            options = ["--quiet", "all", "--cores", "2", "--directory", str(ROOT)]
            spent = cpu_s([*snakemake, *options, "all", "--configfile", str(path)], Path(name))
        rows.append(f"| {shards:,} | {spent:.1f} |")
    return rows


def replace_table(text: str, name: str, rows: list[str]) -> str:
    """Put rows between the two marks of a table, below its two lines of head."""
    mark = rf"(<!-- {name} -->\n\|[^\n]*\n\|[^\n]*\n).*?(<!-- /{name} -->)"
    body = "".join(f"{row}\n" for row in rows)
    return re.sub(mark, lambda found: found[1] + body + found[2], text, flags=re.DOTALL)


def main() -> None:
    """Write both tables into the page."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    text = PAGE.read_text(encoding="utf-8")
    text = replace_table(text, "costs", cost_rows())
    PAGE.write_text(replace_table(text, "plans", plan_rows()), encoding="utf-8")


if __name__ == "__main__":
    main()
