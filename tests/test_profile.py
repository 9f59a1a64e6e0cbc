"""Stages add up: by turns, inside one another, by document; and nobody pays who does not listen."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from offerwright.profile import (
    Recorder,
    Stage,
    by_document,
    counted,
    is_recorded,
    listening,
    stage,
    staged,
)


@contextmanager
def recorded() -> Iterator[list[Stage]]:
    """What was recorded inside, once it is left."""
    found: list[Stage] = []
    recorder = Recorder("work")
    with listening(recorder):
        yield found
    found.append(recorder.finish())


def busy(seconds: float) -> None:
    """Use the processor for so long."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def outline(one: Stage) -> tuple[str, int, list[object]]:
    return one.name, one.turns, [outline(inner) for inner in one.inner]


def test_stages_of_one_name_in_one_place_are_one_with_its_turns() -> None:
    with recorded() as found:
        for account in ("meli", "amazon", "meli"):
            with stage("evaluation"), stage(account):
                pass
        with stage("meli"):
            pass

    assert outline(found[0]) == (
        "work", 1, [("evaluation", 3, [("meli", 2, []), ("amazon", 1, [])]), ("meli", 1, [])]
    )  # fmt: skip


def test_a_stage_has_the_time_of_those_inside_it_and_its_own() -> None:
    with recorded() as found, stage("outer"):
        busy(0.02)
        with stage("inner"):
            busy(0.04)
    [outer] = found[0].inner
    [inner] = outer.inner

    assert inner.cpu_s >= 0.04
    assert outer.cpu_s >= 0.06
    assert outer.own_cpu_s == pytest.approx(outer.cpu_s - inner.cpu_s)
    assert found[0].wall_s >= outer.wall_s >= inner.wall_s


def test_what_a_stage_holds_is_memory_that_is_there_afterwards() -> None:
    kept = []
    with recorded() as found:
        with stage("holds"):
            kept.append(bytearray(b"x") * 50_000_000)
        with stage("does not"):
            pass
    holds, does_not = found[0].inner

    assert 45_000_000 < holds.held < 80_000_000
    assert abs(does_not.held) < 5_000_000


def test_a_document_is_charged_once_with_what_its_rules_took() -> None:
    with recorded() as found:
        for _ in range(2):
            with stage("prices"):
                with stage("markups", "rules/a.yaml"):
                    busy(0.02)
                    with stage("table"):
                        busy(0.01)
                    with stage("fees", "rules/b.yaml"):
                        busy(0.02)
                busy(0.01)
    documents = by_document(found[0])

    assert list(documents) == ["rules/a.yaml", "rules/b.yaml"]
    assert documents["rules/b.yaml"].cpu_s >= 0.04
    assert documents["rules/a.yaml"].cpu_s >= 0.06
    together = sum(one.cpu_s for one in documents.values())
    assert together == pytest.approx(found[0].inner[0].cpu_s - found[0].inner[0].own_cpu_s)


def test_a_stage_that_fails_is_closed() -> None:
    with recorded() as found:
        with pytest.raises(ValueError, match="no"), stage("fails"):
            raise ValueError("no")
        with stage("next"):
            pass

    assert [one.name for one in found[0].inner] == ["fails", "next"]


def test_listening_ends_with_its_block() -> None:
    with recorded() as found:
        assert is_recorded()
    with stage("afterwards"):
        pass

    assert not is_recorded()
    assert found[0].inner == ()


def test_other_threads_are_not_heard() -> None:
    def work() -> None:
        with stage("elsewhere"):
            pass

    with recorded() as found, stage("here"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert outline(found[0]) == ("work", 1, [("here", 1, [])])


def test_counts_are_told_before_the_first_item_and_after_each() -> None:
    class Heard:
        def __init__(self) -> None:
            self.told: list[object] = []

        def opened(self, name: str, document: str) -> None:
            self.told.append(name)

        def closed(self) -> None:
            self.told.append("closed")

        def counted(self, done: int, total: int) -> None:
            self.told.append((done, total))

    heard = Heard()
    with listening(heard), stage("parts"):
        assert list(counted("abc", 3)) == ["a", "b", "c"]

    assert heard.told == ["parts", (0, 3), (1, 3), (2, 3), (3, 3), "closed"]


def test_a_function_can_be_a_stage() -> None:
    @staged("doubling")
    def doubled(number: int) -> int:
        """Twice a number."""
        return 2 * number

    with recorded() as found:
        assert doubled(4) == 8

    assert (doubled.__name__, doubled.__doc__) == ("doubled", "Twice a number.")
    assert outline(found[0]) == ("work", 1, [("doubling", 1, [])])


def test_a_stage_that_nobody_hears_costs_less_than_ten_microseconds() -> None:
    began = time.process_time()
    for _ in range(10_000):
        with stage("prices", "rules/a.yaml"):
            pass

    assert time.process_time() - began < 0.1


def test_where_the_system_does_not_say_what_is_resident_the_most_is_taken(tmp_path: Path) -> None:
    from offerwright.profile import resident

    assert resident(tmp_path / "statm") >= resident() > 1_000_000
