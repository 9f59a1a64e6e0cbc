"""`--shadow`: a candidate beside the live job, which goes on whatever the candidate does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from offerwright.cli.live import stop_on_signal
from offerwright.cli.report import number_of, tell
from offerwright.cli.shadow_log import keep, review_file, shadow_folder
from offerwright.cli.shadow_run import Candidate
from offerwright.sync.plan import Basis
from offerwright.whatif.shadow import Beside, Line, failed, line_of

F = TypeVar("F", bound=Callable[..., Any])
SECONDS = 600
LONGEST = 300
PAUSE_S = 0.05


def shadow_options(command: F) -> F:
    """`--shadow` and `--shadow-seconds`."""
    seconds = click.option(
        "--shadow-seconds", type=click.IntRange(1, 86_400), default=SECONDS, show_default=True,
        help="Stop the candidate after so long.",
    )  # fmt: skip
    decorated: F = click.option(
        "--shadow", metavar="REF", multiple=True, callback=_only_one,
        help="Evaluate this commit, branch or folder beside the live rules; send nothing of it.",
    )(seconds(command))  # fmt: skip
    return decorated


def _only_one(
    context: click.Context, option: click.Parameter, given: tuple[str, ...]
) -> str | None:
    """The one candidate. Refuses a second, which would be passed over in silence."""
    if len(given) > 1:
        raise click.BadParameter("a run has one candidate; shadow the other one in another run")
    return given[0] if given else None


@dataclass(frozen=True)
class Shadow:
    """What is asked of a shadow: the candidate, how long, and where the live rules lie."""

    candidate: str | None
    seconds: int
    home: Path
    bundle: Path | None = None
    data: Path | None = None


@contextmanager
def shadowed(asked: Shadow, plan: str, basis: Basis) -> Iterator[None]:
    """
    Run a candidate beside what is done in this context, and wait for it afterwards, not for long.

    It runs in a process of its own with less claim to the processor. Whatever becomes of it is a
    line in the log and on stderr, and never an exception here. Where the context itself fails the
    candidate is stopped at once; where a signal comes while only the candidate is waited for, it
    ends the candidate, and what is done here has its own exit code.
    """
    if asked.candidate is None:
        yield
        return
    beside = Beside(asked.candidate, plan, basis.rules, basis.snapshot, basis.as_of)
    running = _started(asked, beside)
    deadline = time.monotonic() + asked.seconds
    try:
        yield
        line = _line(running, deadline, asked, beside)
    finally:
        _stopped(running)
    _kept(asked.home, line)


@dataclass(frozen=True)
class _Running:
    """
    The process of a candidate, and what it says on stderr.

    Its stdin stays open as long as this process lives: the candidate ends itself where it closes.
    """

    process: subprocess.Popen[bytes]
    said: IO[bytes]


def _started(asked: Shadow, beside: Beside) -> _Running | None:
    """The process of the candidate; None where it could not even begin, on a full disk say."""
    out = review_file(asked.home, beside.id)
    candidate = Candidate(
        home=asked.home.resolve(),
        bundle=None if asked.bundle is None else asked.bundle.resolve(),
        data=None if asked.data is None else asked.data.resolve(),
        candidate=beside.candidate,
        rules=beside.rules,
        snapshot=beside.snapshot,
        as_of=datetime.fromisoformat(beside.as_of),
        seconds=asked.seconds,
        out=out.resolve(),
    )
    try:
        shadow_folder(asked.home).mkdir(parents=True, exist_ok=True)
        said = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the process
    except OSError:
        return None
    try:
        process = subprocess.Popen(
            # -P: the folder of the shop holds rules, and no Python of ours.
            [sys.executable, "-P", "-m", "offerwright.cli.shadow_run"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True,
        )  # fmt: skip
    except OSError:
        said.close()
        return None
    assert process.stdin is not None  # it was asked for
    with suppress(OSError):
        process.stdin.write(f"{candidate.json()}\n".encode())
        process.stdin.flush()
    return _Running(process, said)


def _stopped(running: _Running | None) -> None:
    """The process is no more, nor what it has started, and its words are gone."""
    if running is None:
        return
    process = running.process
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a group: `start_new_session`
        else:
            process.kill()
        process.wait()
    assert process.stdin is not None  # it was asked for
    with suppress(OSError):
        process.stdin.close()
    running.said.close()


def _line(running: _Running | None, deadline: float, asked: Shadow, beside: Beside) -> Line:
    """What became of the candidate."""
    if running is None:
        return failed(beside, "failed", "no process could be started")
    with stop_on_signal() as is_asked:
        while (code := running.process.poll()) is None and time.monotonic() < deadline:
            if is_asked():
                return failed(beside, "late", "stopped by a signal")
            time.sleep(PAUSE_S)
    if code is None:
        return failed(beside, "late", f"stopped after {asked.seconds} s")
    if code:
        return failed(beside, "failed", _last_line(running.said) or f"it ended with {code}")
    try:
        record = json.loads(review_file(asked.home, beside.id).read_text(encoding="utf-8"))
        return line_of(beside, record)
    except (OSError, ValueError, LookupError, TypeError) as problem:
        return failed(beside, "failed", f"its review cannot be read: {problem}")


def _last_line(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").split("\n")
    return next((one.strip()[:LONGEST] for one in reversed(lines) if one.strip()), "")


def _kept(home: Path, line: Line) -> None:
    try:
        keep(home, line)
    except OSError as problem:
        tell(f"note: the shadow of {line['candidate']} could not be kept: {problem}")
        return
    if line["outcome"] != "done":
        tell(f"note: the shadow of {line['candidate']} gave nothing: {line['reason']}")
        return
    blocks = number_of(sum(one["result"] == "blocks" for one in line["guards"]), "guard")
    offers = number_of(line["offers"], "offer")
    tell(f"Shadow of {line['candidate']}: {line['changed']} of {offers} would differ, {blocks} "
         "would block; nothing of it was sent")  # fmt: skip
