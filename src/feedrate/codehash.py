"""A hash of what a piece of our code does, blind to how it is written.

Snakemake does not notice a change in an imported module, so rules carry this hash as a ``param``.
It covers the syntax trees of a module and of everything of ours that it imports, docstrings and
comments stripped: a reworded comment re-makes nothing, a changed statement re-makes what it made.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = "feedrate"
ROOT = Path(__file__).parent


def code_hash(*modules: str, root: Path = ROOT) -> str:
    """Hash the statements of modules and of all package modules they import, transitively.

    Args:
        *modules: Dotted names inside the package. A name outside of it (a user's plug-in)
            is hashed by its source file where one is importable, without following its imports.
        root: The package's folder; tests give a copy.

    Returns:
        16 hexadecimal digits.
    """
    pending, statements = list(modules), dict[str, str]()
    while pending:
        name = pending.pop()
        if name not in statements:
            path = _source_path(name, root)
            statements[name] = _read(path).statements
            pending.extend(imports_of(path, root))
    digest = hashlib.sha256()
    for name in sorted(statements):
        digest.update(f"{name}\0{statements[name]}\0".encode())
    return digest.hexdigest()[:16]


def module_path(name: str, root: Path = ROOT) -> Path | None:
    """Return the source file of a dotted name inside the package, or None."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return None
    base = root.joinpath(*parts[1:])
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file() and (len(parts) > 1 or candidate.name == "__init__.py"):
            return candidate
    return None


def imports_of(path: Path, root: Path = ROOT) -> list[str]:
    """List the package modules that a source file imports, at its top or inside functions."""
    return sorted(name for name in _read(path).imports if module_path(name, root))


def _source_path(name: str, root: Path) -> Path:
    path = module_path(name, root) or _foreign_path(name)
    if path is None:
        raise ModuleNotFoundError(f"code_hash: no source for module {name!r}")
    return path


def _foreign_path(name: str) -> Path | None:
    if name.split(".", 1)[0] == PACKAGE:
        return None
    spec = importlib.util.find_spec(name)
    return Path(spec.origin) if spec and spec.origin else None


class _Source(NamedTuple):
    """What is read of a file: names that it imports, of modules or in them; its statements."""

    imports: frozenset[str]
    statements: str


def _read(path: Path) -> _Source:
    return _analyse(path, path.read_text(encoding="utf-8"))


@functools.cache  # a workflow asks for dozens of hashes, which share most of their modules
def _analyse(path: Path, text: str) -> _Source:
    tree = ast.parse(text, filename=str(path))
    return _Source(frozenset(_imports(tree)), _statements(tree))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # "from feedrate import stages" names a module; "from feedrate.stages import X" not.
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            # A bare string is a docstring (of a module, class, function or attribute): no effect.
            kept = [child for child in node.body if not _is_bare_string(child)]
            node.body = kept or [ast.Pass()]
    return ast.dump(tree)


def _is_bare_string(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
