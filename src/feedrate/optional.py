"""Libraries that may be absent: an absence is said, with what would cure it, and never passed over.

A plug-in that stands on such a library has ``unavailable()``: why it cannot be used here, or None.
"""

from __future__ import annotations

import importlib
from typing import Any


def load(module: str) -> Any:
    """Import a module, or return None where its package is not installed.

    Raises:
        ImportError: It is installed, and broken.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name in (module, module.partition(".")[0]):
            return None
        raise


def refusal(plugin: str) -> str | None:
    """Ask the module of a plug-in whether it can be used here.

    Args:
        plugin: The module's dotted name; one without ``unavailable()`` always can.

    Returns:
        Why it cannot, and what would cure it; None where it can.
    """
    reason: str | None = getattr(importlib.import_module(plugin), "unavailable", lambda: None)()
    return reason


def missing(module: Any, package: str, extra: str = "peers") -> str | None:
    """Say that a package is not installed and how to get it; None where it is.

    Args:
        module: What `load` returned.
        package: Its name where packages come from.
        extra: The extra of feedrate that holds it.
    """
    if module is not None:
        return None
    return f"not installed: {package}; `pip install 'feedrate[{extra}]'` gets it"
