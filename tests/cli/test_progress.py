"""The line of progress: on a terminal only, only after a while, never between other output."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from cli.shop import Shop, environment, small_shop

from offerwright.cli.progress import Line, line_text, progress_line
from offerwright.cli.report import put
from offerwright.profile import counted, listening, stage


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not true() and time.monotonic() < until:
        time.sleep(0.005)
    assert true()


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ((0, 4), "[....................] 0/4  evaluation › meli  3 s"),
        ((1, 4), "[#####...............] 1/4  evaluation › meli  3 s"),
        ((4, 4), "[####################] 4/4  evaluation › meli  3 s"),
        (None, "evaluation › meli  3 s"),
    ],
)
def test_the_line_says_how_far_what_is_and_since_when(
    done: tuple[int, int] | None, expected: str
) -> None:
    assert line_text(["evaluation", "meli"], done, 3.2, 80) == expected


def test_parts_of_a_catalogue_are_counted_across_the_stages_of_each() -> None:
    terminal = Terminal()
    line = Line(terminal, after_s=0)
    with listening(line):
        for _ in counted(range(4), 4):
            with stage("evaluation"):
                line.draw()
    line.draw()
    drawn = [one.rsplit("  ", 1)[0] for one in terminal.getvalue().split("\r\x1b[K")]

    assert drawn == [
        "",
        "[....................] 0/4  evaluation",
        "[#####...............] 1/4  evaluation",
        "[##########..........] 2/4  evaluation",
        "[###############.....] 3/4  evaluation",
        "[####################] 4/4  parts",
    ]


def test_what_is_counted_inside_a_stage_ends_with_it() -> None:
    line = Line(Terminal(), after_s=0)
    with listening(line), stage("apply"):
        with stage("sending"):
            list(counted(range(2), 2))
            assert line.done == (2, 2)
        assert line.done is None


def test_a_line_is_no_wider_than_the_terminal() -> None:
    assert line_text(["evaluation", "meli"], None, 3.2, 12) == "evaluation …"


def test_a_terminal_sees_the_stage_and_is_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with progress_line(terminal, after_s=0, every_s=0.005), stage("parts"):
        for _ in counted(range(2), 2):
            wait_for(lambda: "parts" in terminal.getvalue())
        wait_for(lambda: "2/2" in terminal.getvalue())

    assert "[####################] 2/2  parts" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with progress_line(terminal, after_s=60, every_s=0.001), stage("parts"):
        time.sleep(0.05)

    assert terminal.getvalue() == ""


@pytest.mark.parametrize(("stream", "term"), [(io.StringIO(), "xterm"), (Terminal(), "dumb")])
def test_a_pipe_and_a_dumb_terminal_see_nothing(
    stream: io.StringIO, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    with progress_line(stream, after_s=0, every_s=0.001), stage("parts"):
        time.sleep(0.05)

    assert stream.getvalue() == ""


def test_other_output_finds_an_empty_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with progress_line(terminal, after_s=0, every_s=0.005), stage("parts"):
        wait_for(lambda: "parts" in terminal.getvalue())
        put("a result\n", terminal)

    assert "\r\x1b[Ka result\n" in terminal.getvalue()


def test_nothing_is_hidden_where_nothing_is_drawn() -> None:
    terminal = Terminal()
    line = Line(terminal, after_s=0)
    line.draw()
    line.hide()

    assert terminal.getvalue() == ""


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return small_shop(tmp_path_factory.mktemp("progress"))


def test_a_quick_command_on_a_real_terminal_says_what_it_says_in_a_pipe(shop: Shop) -> None:
    piped = shop("check", "--no-cache")
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "offerwright", "check", "--no-cache"],
        cwd=shop.root, env=environment({"TERM": "xterm"}), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=follower, text=True,
    )  # fmt: skip
    out, _ = process.communicate(timeout=60)
    os.close(follower)
    try:
        seen = os.read(leader, 65536).decode()
    except OSError:
        # The other end is closed and nothing was written.
        seen = ""
    os.close(leader)

    assert (out, process.returncode) == (piped.out, piped.code)
    drawn = re.sub(r"\r\x1b\[K[^\r]*(?=\r\x1b\[K)", "", seen)
    assert drawn.replace("\r\x1b[K", "").replace("\r\n", "\n") == piped.err
