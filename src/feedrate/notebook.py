"""Notebooks: executed by papermill in the workflow, rendered here into pages that work offline."""

from __future__ import annotations

import html
import io
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from PIL import Image

REMOTE = re.compile(
    r"<script[^>]*\bsrc=[\"']https?://[^>]*>\s*</script>"
    r"|<link[^>]*\bhref=[\"']https?://[^>]*>"
    r"|<script type=[\"']module[\"'][^>]*>(?:(?!</script>).)*\bhttps?://.*?</script>",
    re.DOTALL,
)
"""Whatever a page of nbconvert would fetch: require.js, MathJax and mermaid from a CDN."""


class NotebookError(ValueError):
    """A notebook cannot be rendered; the message names it and the cell."""


def picture(source: Path | str, alt: str, least_px: int = 720) -> str:
    """Return HTML that shows a picture as wide as the page; a narrow screen scrolls it.

    Args:
        source: A PNG, or SVG text.
        alt: What is seen, for those who do not see it.
        least_px: No narrower than this, so that the labels inside stay readable.
    """
    shown = source if isinstance(source, str) else _embedded(source, alt)
    frame = f'<div style="min-width:{least_px}px" role="img" aria-label="{html.escape(alt)}">'
    return f'<div style="overflow-x:auto">{frame}{shown}</div></div>'


def _embedded(path: Path, alt: str) -> str:
    """Embed a picture as WebP: pages are kept in records, and a PNG is five times as large."""
    with Image.open(path) as image:
        pixels = image.convert("RGB")
    drawn, photographed = _webp(pixels, lossless=True), _webp(pixels, quality=90)
    data = b64encode(min(drawn, photographed, key=len)).decode("ascii")
    alternative = html.escape(alt)
    return f'<img src="data:image/webp;base64,{data}" alt="{alternative}" style="width:100%">'


def _webp(image: Image.Image, **how: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "WEBP", **how)
    return stream.getvalue()


def render_html(path: Path, title: str | None = None) -> str:
    """Render an executed notebook as one page without any request to anywhere.

    Args:
        path: The executed notebook.
        title: Of the page; the file's stem by default.

    Raises:
        NotebookError: It was not executed, or a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    _check_executed(notebook, path)
    # nbconvert's classes have no types.
    exporter: Any = HTMLExporter(  # type: ignore[no-untyped-call]
        exclude_input_prompt=True, exclude_output_prompt=True
    )
    resources: dict[str, Any] = {"metadata": {"name": title or path.stem}}
    body, _ = exporter.from_notebook_node(notebook, resources)
    return REMOTE.sub("", body)


def _check_executed(notebook: Any, path: Path) -> None:
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if cell.execution_count is None:
            raise NotebookError(f"{path}: cell {number} was not executed; run the notebook first")
        if any(output.output_type == "error" for output in cell.outputs):
            raise NotebookError(f"{path}: cell {number} failed; see its traceback in the notebook")
