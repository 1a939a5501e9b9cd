"""The code hash sees statements, those of imported modules too, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrate.codehash import code_hash, module_path

KERNEL = '''"""A module."""

from feedrate.lower import half


def area(width: float, height: float) -> float:
    """Return the area."""
    # Why: because.
    return 2 * half(width) * height
'''
LOWER = "def half(value):\n    return value / 2\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "kernel.py").write_text(KERNEL)
    (tmp_path / "lower.py").write_text(LOWER)
    (tmp_path / "apart.py").write_text("VALUE = 1\n")
    return tmp_path


def hash_after(root: Path, name: str, old: str, new: str) -> str:
    path = root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return code_hash("feedrate.kernel", root=root)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# Why: because.", "# Why: for another reason."),
        ("    # Why: because.\n", ""),
        ('"""Return the area."""', '"""Return the area in square pixels."""'),
        ('    """Return the area."""\n', ""),
        ('"""A module."""', '"""Another module."""'),
        ("2 * half(width)", "2  *  half( width )"),
        ("\n\n\ndef area", "\n\ndef area"),
    ],
)
def test_blind_to_how_it_is_written(root: Path, old: str, new: str) -> None:
    before = code_hash("feedrate.kernel", root=root)
    assert hash_after(root, "kernel.py", old, new) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("kernel.py", "2 * half", "3 * half"),
        ("kernel.py", "area(width", "surface(width"),
        ("kernel.py", "    return 2", "    print()\n    return 2"),
        ("lower.py", "/ 2", "* 0.5"),
    ],
)
def test_sees_a_changed_statement(root: Path, name: str, old: str, new: str) -> None:
    before = code_hash("feedrate.kernel", root=root)
    assert hash_after(root, name, old, new) != before


def test_does_not_see_a_module_that_is_not_imported(root: Path) -> None:
    before = code_hash("feedrate.kernel", root=root)
    assert hash_after(root, "apart.py", "1", "2") == before


def test_follows_an_import_inside_a_function_and_of_a_module(root: Path) -> None:
    text = "def lazy():\n    from feedrate import lower\n    return lower.half(1)\n"
    (root / "kernel.py").write_text(text)
    before = code_hash("feedrate.kernel", root=root)
    assert hash_after(root, "lower.py", "/ 2", "/ 3") != before


def test_circular_imports_end(root: Path) -> None:
    (root / "lower.py").write_text("import feedrate.kernel\n" + LOWER)
    assert len(code_hash("feedrate.kernel", root=root)) == 16


def test_order_of_the_names_is_of_no_account(root: Path) -> None:
    names = ("feedrate.kernel", "feedrate.apart")
    assert code_hash(*names, root=root) == code_hash(*reversed(names), root=root)


def test_a_users_own_module(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path / "mine")
    own = tmp_path / "mine" / "my_loader_of_the_hash_test.py"
    own.parent.mkdir()
    own.write_text("SIZE = 1\n")
    before = code_hash(own.stem, root=root)
    own.write_text("SIZE = 2\n")
    assert code_hash(own.stem, root=root) != before


def test_an_unknown_module_is_told(root: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"no source for module 'feedrate\.nowhere'"):
        code_hash("feedrate.nowhere", root=root)


def test_a_package_is_its_init() -> None:
    path = module_path("feedrate")
    assert path is not None
    assert path.name == "__init__.py"
    assert module_path("numpy") is None
