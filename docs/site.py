"""The site is made of the repository's own pages; links are turned to where they lie there.

MkDocs calls `on_files` and `on_page_markdown`. In the repository the pages of `docs/` lie one
folder deeper than on the site, where they are at the top, beside the README.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = (
    *("README.md", "GLOSSARY.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *("SECURITY.md", "LICENSE", "config/README.md", "envs/README.md", "envs/peers.txt"),
)
"""What the site shows beside `docs/`."""

LINK = re.compile(r"(!?\[[^\]]*\]\()(?!\w+:|#)([^)#\s]+)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie outside of `docs/`."""
    for path in OUTSIDE:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn the links of a page to where their targets lie on the site."""
    return turn_links(markdown, page.file.src_uri)


def turn_links(markdown: str, place: str) -> str:
    """Rewrite links as they are in the repository to links of the site.

    Args:
        markdown: A page.
        place: Of the page on the site, such as ``loader.md`` or ``config/README.md``.
    """
    here = posixpath.dirname(place)
    there = here if place in OUTSIDE else posixpath.join("docs", here)

    def turned(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(there, match[2]))
        return match[1] + posixpath.relpath(target.removeprefix("docs/"), here or ".")

    return LINK.sub(turned, markdown)
