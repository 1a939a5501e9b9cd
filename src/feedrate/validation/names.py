"""Names that scripts trip over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from feedrate.validation.findings import Trouble

TRAPS: dict[str, Callable[[str], bool]] = {
    "commas": lambda c: c in ",;",
    "brackets": lambda c: c in "()[]{}<>",
    "quotes": lambda c: c in "'\"`",
    "spaces": str.isspace,
    "letters beyond ASCII": lambda c: not c.isascii(),
    "control characters": lambda c: not c.isprintable() and not c.isspace(),
}


def check_name(key: str) -> Iterator[Trouble]:
    """Yield what is odd about a sample's key, that is the path of its image."""
    if odd := [trap for trap, is_one in TRAPS.items() if any(map(is_one, key))]:
        yield "odd_name", f"{key!r} holds {' and '.join(odd)}"
