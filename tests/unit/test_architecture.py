"""The pages tell the truth: every path in them exists, every symbol in them is defined there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PLACE = re.compile(r"^[\w./-]+(/|\.\w+)(:[\w.]+)?$")
SECTION = TEXT.partition("## Where does X happen")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", SECTION, re.MULTILINE)[2:]
TO_BE_MADE = (
    "results/",
    "src/feedrate/decoders/opencv_bgr.py",
    "src/feedrate/formats/labelme.py",
)
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "GLOSSARY.md", "envs/README.md")
NAMED = [
    (page, token)
    for page in PAGES
    for token in sorted(set(re.findall(r"`([^`\n]+)`", (ROOT / page).read_text("utf-8"))))
    if "/" in token and PLACE.match(token) and not token.startswith(TO_BE_MADE)
]


def defined_in(path: Path) -> set[str]:
    """Names that a module defines or imports at its top, methods as ``Class.method``."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{item.name}"
                for item in node.body
                if isinstance(item, ast.FunctionDef)
            }
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def faults(token: str) -> str:
    """Say what is wrong with a ``path`` or ``path:symbol``; nothing where it resolves."""
    path, _, symbol = token.partition(":")
    if not (ROOT / path).exists():
        return f"{path} does not exist"
    if symbol and symbol not in defined_in(ROOT / path):
        return f"{path} defines no {symbol}"
    return ""


@pytest.mark.parametrize(("page", "token"), NAMED)
def test_named_place_exists(page: str, token: str) -> None:
    assert faults(token) == "", page


def test_the_table_is_found() -> None:
    assert len(ROWS) > 10


@pytest.mark.parametrize(("what", "where"), ROWS)
def test_each_row_names_a_place(what: str, where: str) -> None:
    assert set(re.findall(r"`([^`]+)`", where)) & {token for _, token in NAMED}, (
        f"{what}: names no file"
    )


def test_a_wrong_place_is_noticed() -> None:
    assert faults("src/feedrate/cell.py:Cell.parse") == ""
    assert faults("src/feedrate/cell.py:Cell.guess") == "src/feedrate/cell.py defines no Cell.guess"
    assert faults("src/feedrate/nowhere.py") == "src/feedrate/nowhere.py does not exist"
