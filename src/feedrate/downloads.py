"""Download one file and check it: it is there, with the right hash, or it is not there.

pooch does the work; what goes wrong becomes one line here, and what may pass is tried again.

Represents: a file on its way from its publisher. Layer: 2.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import pooch
import requests.exceptions as failures

from feedrate.progress import Progress

ATTEMPTS = 4
TIMEOUT_S = 30.0
"""A server that is silent for longer is taken for a cut connection."""

BLOCK_BYTES = 1 << 20
PASSING_STATUS = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
"""Answers below 500 that a later attempt may not get."""

Wait = Callable[[float], None]
"""Called with the seconds to wait before the next attempt."""


class FetchError(RuntimeError):
    """A dataset that could not be fetched: address, what happened, what to do. One line."""


def download(name: str, url: str, sha256: str, path: Path, wait: Wait = time.sleep) -> None:
    """Download a file, unless it is there already with the right hash.

    Args:
        name: What it is, for messages.
        url: http or https.
        sha256: 64 lower-case hexadecimal digits.
        path: Where it goes, whole or not at all; its folder is made.
        wait: Between attempts, of which there are `ATTEMPTS`.

    Raises:
        FetchError: It cannot be had, or what came has another hash.
        OSError: The disk is full, or cannot be written.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _retrieve(name, url, sha256, path)
            return
        except failures.RequestException as error:
            trouble, passes = _judge(error)
        except ValueError as error:  # pooch's word for a wrong hash; it has removed the file
            told = " ".join(str(error).split())
            raise FetchError(
                f"{name}: {url}: {told} Nothing was unpacked; ask the publisher which is right"
            ) from None
        if not passes:
            raise FetchError(
                f"{name}: {url}: {trouble}; check the address, or download the file yourself and "
                "give `images` and `annotations` without `url`"
            )
        if attempt < ATTEMPTS:
            pause_s = 2.0 ** (attempt - 1)
            told = f"{trouble}; attempt {attempt + 1} of {ATTEMPTS} in {pause_s:.0f} s"
            print(f"feedrate: fetch {name}: {told}", file=sys.stderr, flush=True)
            wait(pause_s)
    raise FetchError(
        f"{name}: {url}: {trouble}, {ATTEMPTS} times; check the connection and start again"
    )


def _retrieve(name: str, url: str, sha256: str, path: Path) -> None:
    pooch.get_logger().setLevel("WARNING")  # its lines name its temporary files
    downloader = pooch.HTTPDownloader(
        progressbar=_Bar(name),
        chunk_size=BLOCK_BYTES,
        timeout=TIMEOUT_S,
        headers={"Accept-Encoding": "identity"},  # the hash is that of the file as published
    )
    pooch.retrieve(
        url, f"sha256:{sha256}", fname=path.name, path=path.parent, downloader=downloader
    )


def _judge(error: failures.RequestException) -> tuple[str, bool]:
    """Say what went wrong, and whether it may pass."""
    if isinstance(error, failures.HTTPError) and error.response is not None:
        status = error.response.status_code
        passes = status in PASSING_STATUS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return f"the server answers {status} {error.response.reason}", passes
    if isinstance(error, failures.ChunkedEncodingError):
        return "the connection was cut", True
    if isinstance(error, failures.SSLError):
        return "the server's certificate is not accepted", False
    if isinstance(error, failures.ConnectionError | failures.Timeout):
        return f"no connection, or silence for {TIMEOUT_S:.0f} s", True
    return " ".join(str(error).split()), False


class _Bar:
    """What pooch takes for a progress bar: it tells our lines, in megabytes (10^6 bytes)."""

    def __init__(self, name: str) -> None:
        self.total = 0
        self._done = 0
        self._progress = Progress(f"fetch {name}", "MB", 0)

    def update(self, count: int) -> None:
        self._done = min(self._done + count, self.total) if self.total else self._done + count
        self._progress(self._done // 1_000_000, self.total // 1_000_000)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Nothing is open."""
