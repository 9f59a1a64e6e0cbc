"""docs/tutorial/NN-…/README.md → edits and commands with what they print; and whether they do."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

BLOCK = re.compile(r"^```(console|diff)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ANY = "…"
"""As a line: any lines, or none. Within a line: any characters, or none."""
ID = re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{7,40}\b")
"""What is another one on every machine: commits, runs, plans, hashes of rules and snapshots."""
_SHORT = 7
_PROMPT = "$ "


@dataclass(frozen=True)
class Edit:
    """Lines of a file that are replaced; without `old` lines they are a new file or its end."""

    file: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    place: str

    def applied(self, text: str) -> str:
        """The text of the file after the edit; fails where the old lines are not there once."""
        lines, size = text.splitlines(), len(self.old)
        if not self.old:
            return "".join(f"{line}\n" for line in (*lines, *self.new))
        starts = [n for n in range(len(lines)) if tuple(lines[n : n + size]) == self.old]
        assert len(starts) == 1, f"{self.place}: these lines are not there once: {self.old}"
        lines[starts[0] : starts[0] + size] = self.new
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Command:
    """A command as it is typed, and what the text says that it prints."""

    words: tuple[str, ...]
    says: tuple[str, ...]
    place: str


Step: TypeAlias = Edit | Command


def steps_of(text: str, name: str) -> tuple[Step, ...]:
    """What a page asks to be done, in order; `name` is what places begin with."""
    found: list[Step] = []
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(3)) + 1
        body = block[3].splitlines()
        if block[1] == "diff":
            found.append(_edit(block[2], body, f"{name}:{line}"))
        else:
            found += _commands(body, name, line)
    return tuple(found)


def _edit(file: str, body: Sequence[str], place: str) -> Edit:
    assert file, f"{place}: which file?"
    assert all(line[:1] in (" ", "-", "+") for line in body), f"{place}: a line without a sign"
    old, new = (tuple(line[1:] for line in body if line[0] in signs) for signs in (" -", " +"))
    return Edit(file, old, new, place)


def _commands(body: Sequence[str], name: str, line: int) -> Iterator[Command]:
    starts = [n for n, text in enumerate(body) if text.startswith(_PROMPT)]
    assert starts[:1] == [0], f"{name}:{line}: a block begins with a command"
    for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
        words = tuple(shlex.split(body[start].removeprefix(_PROMPT)))
        yield Command(words, tuple(body[start + 1 : end]), f"{name}:{line + start}")


@dataclass
class Ids:
    """Ids of the text beside those of the run; one id of the text is one id of the run."""

    known: dict[str, str] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """A text with the ids of the run in the place of its own, as far as they are known."""
        return ID.sub(lambda found: self._here(found[0]), text)

    def _here(self, one: str) -> str:
        return self.known.get(one[:_SHORT], one)[: len(one)]

    def learned(self, said: str, ran: str) -> bool:
        """Whether a line is the one of the text but for ids, and those the same as before."""
        found = re.fullmatch(_pattern(said), ran)
        if found is None:
            return False
        known = dict(self.known)
        for one, other in zip(ID.findall(said), found.groups(""), strict=True):
            before = known.get(one[:_SHORT], other)
            if other[:_SHORT] != before[:_SHORT]:
                return False
            known[one[:_SHORT]] = max(before, other, key=len)
        self.known = known
        return True


def _pattern(said: str) -> str:
    """A line of the text as an expression, with a group for every id."""
    parts = re.split(f"({ID.pattern}|{ANY})", said)
    told = {ANY: ".*"}
    return "".join(
        f"([0-9a-f]{{{len(part)}}})" if ID.fullmatch(part) else told.get(part, re.escape(part))
        for part in parts
    )


def missed(says: Sequence[str], ran: Sequence[str], ids: Ids) -> str | None:
    """
    The first line of the text that was not printed where it should be; None where all were.

    What is printed and the text leaves out without a `…` is said too, as `nothing more`.
    """
    at, gap = 0, False
    for line in says:
        if line == ANY:
            gap = True
            continue
        while at < len(ran) and not ids.learned(line.rstrip(), ran[at].rstrip()):
            if not gap:
                return f"{line!r}, not {ran[at]!r}"
            at += 1
        if at == len(ran):
            return repr(line)
        at, gap = at + 1, False
    return None if gap or at == len(ran) else f"nothing more, not {ran[at]!r}"


def pages(folder: Path) -> tuple[Path, ...]:
    """The pages of the story, in their order."""
    return tuple(sorted(folder.glob("[0-9][0-9]-*/README.md")))
