"""Limits of the rate, lost answers and nobody there: what is waited for, and for how long."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from forges.conftest import Desk
from forges.stand_in import TOKEN, Told

from offerwright.connectors.secrets import Secret
from offerwright.errors import ForgeAway
from offerwright.forges.client import Timing
from offerwright.forges.connection import connected
from offerwright.forges.place import Place
from offerwright.forges.post import Asked, Posted, post

TEXT = "<!-- offerwright review -->\n### a review"
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Clock:
    """A time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def timing(self, total_s: float = 120.0) -> Timing:
        return Timing(total_s, lambda: sum(self.waits), lambda: NOON, self.waits.append)


def posted(desk: Desk, clock: Clock, total_s: float = 120.0) -> Posted:
    place = Place(desk.name, desk.forge.url, "shop/rules", 12)  # type: ignore[arg-type]
    asked = Asked("review", "update", True, lambda _: TEXT)
    with connected(place, Secret(TOKEN), clock.timing(total_s)) as (forge, here):
        assert forge is not None
        return post(forge, here, asked)


@pytest.mark.parametrize("status", [0, 500, 502])
def test_a_comment_whose_answer_is_lost_is_not_written_twice(desk: Desk, status: int) -> None:
    clock = Clock()

    def kept() -> None:
        desk.forge.handle(desk.forge.asked[-1])

    desk.forge.next("POST", Told(status, {}), does=kept)
    posted(desk, clock)

    assert (desk.forge.writes(), desk.forge.bodies()) == (["POST"], [TEXT])
    assert clock.waits == [0.5]


def test_a_comment_that_was_not_written_when_its_answer_was_lost_is_written(desk: Desk) -> None:
    desk.forge.next("POST", Told(503, {"message": "try later"}))
    posted(desk, Clock())

    assert (desk.forge.writes(), desk.forge.bodies()) == (["POST", "POST"], [TEXT])


@pytest.mark.parametrize("body", [None, [], {"id": "x"}, {"message": "done"}])
def test_an_answer_that_names_no_comment_makes_us_look(desk: Desk, body: Any) -> None:
    def kept() -> None:
        desk.forge.handle(desk.forge.asked[-1])

    desk.forge.next("POST", Told(201, body), does=kept)
    posted(desk, Clock())

    assert (desk.forge.writes(), desk.forge.bodies()) == (["POST"], [TEXT])


def test_nobody_listens(desk: Desk) -> None:
    clock = Clock()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        desk.forge.url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    with pytest.raises(ForgeAway, match=r"does not answer at 127\.0\.0\.1"):
        posted(desk, clock)
    assert clock.waits == [0.5, 1.0, 2.0]


RESET = str(int(NOON.timestamp()) + 40)
LIMITS = [
    (Told(429, {}, {"Retry-After": "7"}), 7.0),
    (Told(403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "9"}), 9.0),
    (Told(403, {}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}), 40.0),
    (Told(403, {"message": "You have exceeded a secondary rate limit."}), 60.0),
    (Told(429, {}, {"Retry-After": "0"}), 0.5),
    (Told(429, {}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}), 60.0),
]  # fmt: skip


@pytest.mark.parametrize(("told", "wait_s"), LIMITS)
def test_a_limit_of_the_rate_is_waited_for_as_long_as_it_says(
    desk: Desk, told: Told, wait_s: float
) -> None:
    clock = Clock()
    desk.forge.next("POST", told)
    posted(desk, clock)

    assert clock.waits == [wait_s]
    assert desk.forge.bodies() == [TEXT]


def test_a_limit_that_lasts_longer_than_we_wait_ends_the_run(desk: Desk) -> None:
    clock = Clock()
    desk.forge.next("POST", Told(429, {}, {"Retry-After": "600"}))

    with pytest.raises(ForgeAway, match="wants a pause of 600 s"):
        posted(desk, clock)
    assert (clock.waits, desk.forge.comments) == ([], {})
    assert ForgeAway.exit_code == 7


def test_limits_again_and_again_end_within_the_time(desk: Desk) -> None:
    clock = Clock()
    for _ in range(50):
        desk.forge.next("GET", Told(429, {}, {"Retry-After": "10"}))

    with pytest.raises(ForgeAway):
        posted(desk, clock, 45.0)
    assert clock.waits == [10.0] * 4


def test_a_forge_out_of_order_is_asked_again_a_few_times(desk: Desk) -> None:
    clock = Clock()
    for _ in range(2):
        desk.forge.next("GET", Told(502))
    posted(desk, clock)
    for _ in range(4):
        desk.forge.next("GET", Told(500))

    assert clock.waits == [0.5, 1.0]
    with pytest.raises(ForgeAway, match="out of order"):
        posted(desk, clock)
    assert clock.waits == [0.5, 1.0, 0.5, 1.0, 2.0]


def test_answers_that_are_lost_every_time_do_not_make_a_crowd(desk: Desk) -> None:
    for _ in range(9):
        desk.forge.next("POST", Told(0))

    with pytest.raises(ForgeAway, match="5 times"):
        posted(desk, Clock())
    assert desk.forge.comments == {}


def test_a_forge_that_drips_meets_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = Place("github", f"http://127.0.0.1:{listening.getsockname()[1]}", "a/b", 1)
        began = time.monotonic()
        asked = Asked("review", "update", True, lambda _: TEXT)

        with (
            pytest.raises(ForgeAway, match="does not answer"),
            connected(place, Secret(TOKEN), Timing(total_s=0.3)) as (forge, here),
        ):
            assert forge is not None
            post(forge, here, asked)
    assert time.monotonic() - began < 5
