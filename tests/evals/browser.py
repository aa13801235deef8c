"""A headless Chromium, driven over the DevTools protocol on two pipes: no port and no network."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
SECONDS = 60.0  # for an answer, on a machine that is busy
_CHILD = (3, 4)  # where the browser reads and writes


def found() -> str | None:
    """The browser that $CHROMIUM names, or the first on the path."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One process with one page; `events` are what the page told since it was last opened."""

    def __init__(self, binary: str, profile: Path) -> None:
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (theirs_in, theirs_out)]

        def place() -> None:
            for fd, target in zip(high, _CHILD, strict=True):
                os.dup2(fd, target)

        self.process = subprocess.Popen(
            [binary, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=_CHILD,
            preexec_fn=place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for fd in (*high, theirs_in, theirs_out):
            os.close(fd)
        self.reads, self.writes = ours_in, ours_out
        self.rest, self.numbers = b"", itertools.count(1)
        self.events: list[dict[str, Any]] = []
        self.session: str | None = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self.ask("Network.emulateNetworkConditions", **offline)

    def close(self) -> None:
        """Asks it to end, so that it leaves nothing behind, and ends it where it does not."""
        self.session = None
        with suppress(OSError, TimeoutError):
            self.ask("Browser.close")
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for fd in (self.writes, self.reads):
            os.close(fd)
        self.process.kill()
        self.process.wait()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to one command. Raises TimeoutError, or AssertionError where it is refused."""
        number = next(self.numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + SECONDS
        while (answer := self._next(until)).get("id") != number:
            self.events.append(answer)
        assert "error" not in answer, (method, answer["error"])
        return dict(answer["result"])

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.reads], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError(f"the browser said nothing for {SECONDS:.0f} seconds")
            part = os.read(self.reads, 1 << 20)
            if not part:
                raise ConnectionError("the browser ended")
            self.rest += part
        line, _, self.rest = self.rest.partition(b"\0")
        return dict(json.loads(line))

    def open(self, path: Path, width: int, height: int = 800, scheme: str = "light") -> None:
        """Show a file at a size, in a colour scheme, on screen; waits until it is loaded."""
        self.events.clear()
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.media("screen", scheme)
        self.ask("Page.navigate", url=path.as_uri())
        until = time.monotonic() + SECONDS
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next(until))

    def media(self, kind: str, scheme: str = "light") -> None:
        """`screen` or `print`, `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=kind, features=features)

    def value(self, expression: str) -> Any:
        """What an expression is in the page, as JSON."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """One key, down and up."""
        known: Mapping[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **known)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **known)

    def told(self, method: str) -> list[dict[str, Any]]:
        """The parameters of the events of a kind."""
        return [event["params"] for event in self.events if event.get("method") == method]
