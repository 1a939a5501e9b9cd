"""A hash of what a piece of our code does, blind to how it is written.

Snakemake does not notice a change in an imported module, so rules carry this hash as a ``param``.
It covers the syntax trees of a module and of everything of ours that it imports, docstrings and
comments stripped: a reworded comment re-makes nothing, a changed statement re-makes what it made.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from pathlib import Path

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
    pending, trees = list(modules), dict[str, ast.Module]()
    while pending:
        name = pending.pop()
        if name not in trees:
            trees[name] = _parse(_source_path(name, root))
            pending.extend(_imports(trees[name], root))
    digest = hashlib.sha256()
    for name in sorted(trees):
        digest.update(f"{name}\0{_statements(trees[name])}\0".encode())
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
    return _imports(_parse(path), root)


def _imports(tree: ast.Module, root: Path) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # "from feedrate import stages" names a module; "from feedrate.stages import X" not.
            found.append(node.module)
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return sorted({name for name in found if module_path(name, root)})


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


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


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
