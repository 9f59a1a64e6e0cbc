"""The folder of pieces: beside the output, and gone whenever an interrupt comes."""

from __future__ import annotations

import inspect
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import FrameType

import pytest

from offerwright.engines.pieces import room_for_pieces
from offerwright.errors import OfferwrightError

# Python looks for signals where a function begins and where a call of C has ended.
PLACES = frozenset({"call", "c_return"})


class Interrupt:
    """Raises at the place of this number, counted from 0, and counts them."""

    def __init__(self, place: int) -> None:
        self.place, self.seen = place, 0

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        # What is thrown into a generator arrives before it looks.
        is_generator = event == "call" and frame.f_code.co_flags & inspect.CO_GENERATOR
        if event in PLACES and not is_generator:
            self.seen += 1
            if self.seen - 1 == self.place:
                raise KeyboardInterrupt


def interrupted(out: Path, place: int, *, at_work: bool) -> bool:
    """Make pieces, with an interrupt at a place on the way; whether there is such a place."""
    interrupt = Interrupt(place)
    with suppress(KeyboardInterrupt):
        sys.setprofile(interrupt)
        try:
            with room_for_pieces(out) as folder:
                (folder / "piece").touch()
                if at_work:
                    raise KeyboardInterrupt
        finally:
            sys.setprofile(None)
    return interrupt.seen > place


@pytest.mark.parametrize("at_work", [False, True], ids=["one interrupt", "one more at work"])
def test_an_interrupt_at_any_place_leaves_no_pieces(tmp_path: Path, at_work: bool) -> None:
    for place in count():
        is_place = interrupted(tmp_path / "offers.jsonl", place, at_work=at_work)

        assert list(tmp_path.iterdir()) == [], f"interrupted at {place}"
        if not is_place:
            break

    assert place > 20


def test_the_folder_is_for_its_owner_alone_and_goes_with_what_is_in_it(tmp_path: Path) -> None:
    with room_for_pieces(tmp_path / "offers.csv") as folder:
        (folder / "piece").touch()

        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_where_no_folder_can_be_made_the_place_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(OfferwrightError, match=f"nothing can be written to {tmp_path}/no: No such"),
        room_for_pieces(tmp_path / "no/offers.csv"),
    ):
        pass
