"""
A review and the comments that are there -> what to do with them -> done.

What is to be done follows from what is there and nothing else. So a second run does nothing, and
whatever comes between the look and the deed (a comment deleted meanwhile, an answer lost, a second
job) is met by looking again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from offerwright.errors import ForgeAway, ForgeRefused
from offerwright.forges.answers import Gone, TooLong, Unsure
from offerwright.forges.comment import Comment, Forge
from offerwright.forges.mark import is_same
from offerwright.forges.place import FORGES, Place

Behavior = Literal["update", "new", "hide-and-new", "delete-and-new"]
Deed = Literal["create", "edit", "hide", "delete"]
BUDGETS = (60_000, 30_000, 10_000, 3_000)
"""Characters of a comment: the first fits both forges; the others are for a stricter one."""
LOOKS = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """
    How to comment.

    `write` gives the text of at most so many characters, its mark at the beginning; `is_wanted`
    says whether there is something to tell: if not, only a comment that is there is brought up to
    date.
    """

    name: str
    behavior: Behavior
    is_wanted: bool
    write: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; `comment` is None for a new one."""

    deed: Deed
    comment: Comment | None = None
    is_sure: bool = True
    """False where its answer was lost; the comments were looked at again then."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What was done, in order, and the comment that tells the review; None where there is none."""

    steps: tuple[Step, ...]
    comment: Comment | None
    text: str


def steps(own: Sequence[Comment], text: str, asked: Asked) -> list[Step]:
    """
    What is to be done.

    Args:
        own: our comments of this name, the oldest first.
        text: what the comment is to say.
        asked: how.
    """
    shown = [comment for comment in own if not comment.is_hidden]
    newest = shown[-1] if shown else None
    says_it = newest is not None and is_same(newest.text, text)
    edit = [] if says_it or newest is None else [Step("edit", newest)]
    if not asked.is_wanted:
        return edit
    first = edit if asked.behavior == "update" and newest else [] if says_it else [Step("create")]
    kept = newest if says_it or (asked.behavior == "update") else None
    match asked.behavior:
        case "new":
            return first
        case "delete-and-new":
            return first + [Step("delete", one) for one in own if one is not kept]
        case "update" | "hide-and-new":
            return first + [Step("hide", one) for one in shown if one is not kept]


def strays(own: Sequence[Comment], asked: Asked) -> list[Step]:
    """
    What a job at the same time left beside the newest comment.

    Nothing is edited for it, so that two jobs that look at once do the same, and end.
    """
    if asked.behavior == "new":
        return []
    older = [comment for comment in own if not comment.is_hidden][:-1]
    return [Step("delete" if asked.behavior == "delete-and-new" else "hide", one) for one in older]


def post(forge: Forge, place: Place, asked: Asked) -> Posted:
    """
    Make the comments say what the review says.

    Raises:
        ForgeRefused: there is no such pull request, or no text is short enough.
        ForgeAway: it does not answer, or changes under our hands again and again.
        CredentialsRefused: the token may not do it; nothing is tried twice.
    """
    budgets = list(BUDGETS)
    done: list[Step] = []
    for _ in range(LOOKS):
        text = asked.write(budgets[0])
        own = _own(forge, place, asked)
        telling = next((one for one in reversed(own) if not one.is_hidden), None)
        step = Step("create")
        try:
            for step in steps(own, text, asked):
                telling = _do(forge, step, text) or telling
                done.append(step)
        except TooLong as problem:
            budgets = budgets[1:]
            if not budgets:
                raise ForgeRefused(
                    f"{FORGES[place.forge]} takes no comment of {BUDGETS[-1]} characters: {problem}"
                ) from None
        except Gone as problem:
            if step.deed == "create":
                raise _nobody_there(place, problem) from None
        except Unsure:
            done.append(replace(step, is_sure=False))
        else:
            return Posted((*done, *_tidied(forge, place, asked, done)), telling, text)
    raise ForgeAway(
        f"the comments on {place} changed, or their answers were lost, {LOOKS} times while this "
        "job wrote one; run it again"
    )


def look(forge: Forge, place: Place, asked: Asked) -> Posted:
    """What `post` would do now, without doing it."""
    text = asked.write(BUDGETS[0])
    return Posted(tuple(steps(_own(forge, place, asked), text, asked)), None, text)


def _own(forge: Forge, place: Place, asked: Asked) -> Sequence[Comment]:
    try:
        return forge.own(asked.name)
    except Gone as problem:
        raise _nobody_there(place, problem) from None


def _tidied(forge: Forge, place: Place, asked: Asked, done: Sequence[Step]) -> Sequence[Step]:
    """Strays taken away, where a comment was written: only then another job may have had to."""
    if not any(step.deed == "create" for step in done):
        return ()
    left = strays(_own(forge, place, asked), asked)
    for step in left:
        _do(forge, step, "")
    return left


def _nobody_there(place: Place, problem: Gone) -> ForgeRefused:
    kind = "pull request" if place.forge == "github" else "merge request"
    said = f" ({problem})" if str(problem) else ""
    return ForgeRefused(
        f"{FORGES[place.forge]} knows no {kind} {place}, or the token may not see it{said}"
    )


def _do(forge: Forge, step: Step, text: str) -> Comment | None:
    """The comment that tells the review now, where this step wrote it."""
    if step.comment is None:
        return forge.create(text)
    if step.deed == "edit":
        return forge.edit(step.comment, text)
    with suppress(Gone):  # somebody was quicker: what is gone needs neither
        (forge.hide if step.deed == "hide" else forge.delete)(step.comment)
    return None
