"""A real browser without a window, driven over its own debugging protocol."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--remote-debugging-port=0",
)
TROUBLE = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
PATIENCE_S = 60


class Tab:
    """One tab; what the browser tells meanwhile is kept in ``events``."""

    def __init__(self, socket: WebSocket) -> None:
        self.events: list[dict[str, Any]] = []
        self._socket = socket
        self._numbers = itertools.count(1)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask for something of the protocol and wait for the answer."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (said := json.loads(self._socket.recv())).get("id") != number:
            self.events.append(said)
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']}")
        return dict(said["result"])

    def wait_for(self, event: str) -> None:
        """Read until the browser tells of an event."""
        while event not in [each["method"] for each in self.events]:
            self.events.append(json.loads(self._socket.recv()))

    def open(self, path: Path) -> None:
        """Load a file, with an ear on the console and on the network."""
        self.events.clear()
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=path.as_uri())
        self.wait_for("Page.loadEventFired")

    def ask(self, expression: str) -> Any:
        """Evaluate JavaScript in the page and return what comes out."""
        said = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in said:
            raise RuntimeError(f"{expression}: {said['exceptionDetails']}")
        return said["result"].get("value")

    def resize(self, width: int, height: int = 900) -> None:
        """Give the window another size (pixels)."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def emulate(self, media: str = "", scheme: str = "light") -> None:
        """Show the page as ``print`` does, or to somebody who likes it light or dark."""
        wish = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=wish)

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key and let it go; ``code`` is its Windows key code."""
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def shoot(self, path: Path, **clip: Any) -> None:
        """Write a screenshot as PNG; ``clip`` is x, y, width, height and scale."""
        extra = {"clip": clip, "captureBeyondViewport": True} if clip else {}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", **extra)["data"]))

    def requests(self) -> list[str]:
        """Every address that was asked for over a network or from a disk, the page first."""
        sent = [each for each in self.events if each["method"] == "Network.requestWillBeSent"]
        urls = [each["params"]["request"]["url"] for each in sent]
        return [url for url in urls if not url.startswith(("data:", "blob:"))]

    def troubles(self) -> list[str]:
        """What the console was told."""
        return [json.dumps(each) for each in self.events if each["method"] in TROUBLE]


@contextmanager
def browse(folder: Path) -> Iterator[Tab]:
    """Run a browser whose profile lies in this folder; it ends with the context."""
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        socket = create_connection(_address(folder), suppress_origin=True, timeout=PATIENCE_S)
        try:
            yield Tab(socket)
        finally:
            socket.close()
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _address(folder: Path) -> str:
    """Where the first tab listens, once the browser has written down its port."""
    from urllib.request import urlopen

    port_file, end = folder / "profile" / "DevToolsActivePort", time.monotonic() + PATIENCE_S
    while not (port_file.exists() and port_file.read_text().count("\n")):
        if time.monotonic() > end:
            raise TimeoutError(f"{port_file}: not written after {PATIENCE_S} s")
        time.sleep(0.05)
    port = port_file.read_text().splitlines()[0]
    with urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
        tabs = json.load(answer)
    return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
