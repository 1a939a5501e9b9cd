"""What is published: no path of the machine it was written on, no dead link, nothing left blank."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Absolute paths of a machine; a URL's path or `../work/x` is none.
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:work|root|home/\w+|Users/\w+)/")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
BLANK = re.compile(r"@@[A-Z_]+@@")
BINARY = {".npz", ".jpg", ".jpeg", ".png", ".parquet", ".ico", ".woff2"}


def tracked() -> list[Path]:
    """Files that git tracks or would track, or all but the ignored folders without git."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout: which files are published is not known")
    command = [git, "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in found if path.is_file() and path.suffix not in BINARY]


def machine_paths(text: str) -> list[str]:
    return [line.strip()[:120] for line in text.splitlines() if MACHINE_PATH.search(line)]


def test_no_file_names_a_path_of_a_machine() -> None:
    found = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path != Path(__file__).resolve()
        and (lines := machine_paths(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_the_search_finds_one() -> None:
    assert machine_paths('open("/root/x")')
    assert machine_paths("cd /home/me/feedrate")
    assert not machine_paths("https://example.org/work/x and ../work/x and workflow/rules/")


def test_links_between_pages_lead_somewhere() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in tracked()
        if page.suffix == ".md"
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert dead == []


def test_no_page_has_a_blank_to_fill_in() -> None:
    pages = [path for path in tracked() if path.suffix in {".md", ".cff", ".rst"}]
    blank = {
        str(path.relative_to(ROOT)): BLANK.findall(path.read_text(encoding="utf-8"))
        for path in pages
    }
    assert {name: tokens for name, tokens in blank.items() if tokens} == {}
