"""
A real Chromium, driven over its own pipe: one page at a time, and all that it says or asks for.

The protocol is Chrome's DevTools Protocol, JSON texts that end with a zero byte; no package is
needed for it. https://chromedevtools.github.io/devtools-protocol/ (November 2026)
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
LIMIT_S = 30.0
_FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check",
    "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
    "--force-color-profile=srgb", "--lang=en-US",
)  # fmt: skip


class Silent(Exception):
    """The browser has ended, or says nothing."""


def installed() -> str | None:
    """Where a Chromium is, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Chromium:
    """A browser that runs; `open` gives a page."""

    def __init__(self, program: str, profile: Path) -> None:
        # Root has no sandbox to give its children.
        flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        theirs_in, self._out = _high(os.pipe())
        self._in, theirs_out = _high(os.pipe())
        self._pid = os.posix_spawn(
            program, [program, *flags, f"--user-data-dir={profile}", "about:blank"],
            {**os.environ, "HOME": str(profile)},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, theirs_in, 3), (os.POSIX_SPAWN_DUP2, theirs_out, 4),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
            setpgroup=0,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._held = b""
        self._number = 0
        self.events: list[Mapping[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: Any) -> Any:
        """Send a command and wait for its answer; what happens meanwhile is kept in `events`."""
        self._number += 1
        said = {"id": self._number, "method": method, "params": parameters}
        text = json.dumps({**said, "sessionId": session} if session else said)
        try:
            os.write(self._out, text.encode() + b"\0")
        except BrokenPipeError:
            raise Silent("Chromium has ended") from None
        while True:
            message = self._next()
            if message.get("id") == self._number:
                assert "error" not in message, f"{method}: {message.get('error')}"
                return message["result"]
            self.events.append(message)

    def wait(self, method: str) -> None:
        """Until an event of this name has come since the last `events.clear()`."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + LIMIT_S
        while b"\0" not in self._held:
            ready, _, _ = select.select([self._in], [], [], max(end - time.monotonic(), 0))
            part = os.read(self._in, 1 << 20) if ready else b""
            if not part:
                raise Silent("Chromium has ended" if ready else f"no answer within {LIMIT_S} s")
            self._held += part
        message, _, self._held = self._held.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def close(self) -> None:
        os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._in)
        os.close(self._out)


def _high(ends: tuple[int, int]) -> tuple[int, int]:
    """The same pipe at numbers that do not collide with those of the browser's own."""
    found = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return found[0], found[1]


class Page:
    """A page of its own, of a width and in light or dark."""

    def __init__(self, browser: Chromium, width: int, height: int, scheme: str) -> None:
        self._browser = browser
        self._target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)  # fmt: skip
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def call(self, method: str, **parameters: Any) -> Any:
        return self._browser.call(method, self._session, **parameters)

    def go(self, file: Path) -> None:
        """Open a file and wait until it is there."""
        self._browser.events.clear()
        self.call("Page.navigate", url=file.resolve().as_uri())
        self._browser.wait("Page.loadEventFired")

    def run(self, script: str) -> Any:
        """The value of an expression, or of what it promises."""
        found = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """A key down and up: `Tab`, `Enter`, or one letter."""
        codes = {"Tab": 9, "Enter": 13, " ": 32}
        text = {"Enter": "\r", "Tab": ""}.get(key, key)
        same = {"key": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **same)
        self.call("Input.dispatchKeyEvent", type="keyUp", **same)

    def click(self, selector: str) -> None:
        """The mouse on the middle of what the selector finds, scrolled into view."""
        place = self.run(
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect();"
            " return {x: b.x + b.width / 2, y: b.y + b.height / 2}; })"
            f"(document.querySelector({json.dumps(selector)}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def complaints(self) -> list[str]:
        """What the console was told, and what was thrown or refused."""
        self.run("0")
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(e["params"]) for e in self._browser.events if e.get("method") in kinds]

    def requests(self) -> list[str]:
        """Every address that was asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self._browser.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def picture(self, file: Path, *, whole: bool = True) -> None:
        """A PNG of the page."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(found["data"]))

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)


@contextmanager
def page(
    browser: Chromium, *, width: int = 1280, height: int = 900, scheme: str = "light"
) -> Iterator[Page]:
    """A page that is closed at the end."""
    found = Page(browser, width, height, scheme)
    try:
        yield found
    finally:
        found.close()
