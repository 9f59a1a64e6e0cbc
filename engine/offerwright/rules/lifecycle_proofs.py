"""A lifecycle → what is wrong with it whatever orders do, each with a way that shows it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from offerwright.errors import Related
from offerwright.rules.effects import THREADS, Thread
from offerwright.rules.lifecycle_table import Lifecycle, MovePlan
from offerwright.rules.rows import Findings

# So many moves of a way are shown at its beginning, and at its end.
_SHOWN = 10
# More findings of one thread than this tell nobody more: the first ones cause the others.
_MOST = 50


@dataclass(frozen=True, slots=True)
class Way:
    """A shortest way from the beginning to a state, and how one thread stands at its end."""

    state: str
    condition: str = ""
    before: Way | None = None
    event: str = ""
    move: MovePlan | None = None
    length: int = 0
    head: str = ""
    """The way as text, up to its first moves."""

    def then(self, event: str, move: MovePlan, condition: str = "") -> Way:
        """The way with one more move. It points back instead of copying: ways may be long."""
        head = self.head or self.state
        if self.length < _SHOWN:
            head += f" -{event}-> {move.to}"
        return Way(move.to, condition, self, event, move, self.length + 1, head)

    def backwards(self) -> Iterator[Way]:
        """This way, then without its last move, and so on to the beginning."""
        here: Way | None = self
        while here is not None:
            yield here
            here = here.before

    def __str__(self) -> str:
        """`new -pay-> paid -ship-> gone`; of a long way its beginning and its end."""
        last = list(islice(self.backwards(), min(_SHOWN, max(0, self.length - _SHOWN))))
        between = " …" if self.length > 2 * _SHOWN else ""
        tail = "".join(f" -{way.event}-> {way.state}" for way in reversed(last))
        return f"{self.head or self.state}{between}{tail}"


def prove(lifecycle: Lifecycle, findings: Findings) -> None:
    """
    Walk the whole graph and say what no order can survive.

    Unreachable states, states without a way to the end, events that nobody answers, and effects
    that do not follow from one another. The graph has at most states × conditions nodes, so the
    walk is linear in the size of the document.
    """
    ways = reached(lifecycle)
    _check_reached(lifecycle, ways, findings)
    _check_ends(lifecycle, ways, findings)
    _check_events(lifecycle, ways, findings)
    for thread in THREADS:
        _check_thread(thread, lifecycle, findings)


def reached(lifecycle: Lifecycle) -> dict[str, Way]:
    """A shortest way to every state that an order can come to, nearest first."""
    found = {lifecycle.initial: Way(lifecycle.initial)}
    queue = deque(found.values())
    while queue:
        way = queue.popleft()
        for event, move in lifecycle.states[way.state].moves.items():
            if move.to in lifecycle.states and move.to not in found:
                found[move.to] = way.then(event, move)
                queue.append(found[move.to])
    return found


def _check_reached(lifecycle: Lifecycle, ways: Mapping[str, Way], findings: Findings) -> None:
    for name, state in lifecycle.states.items():
        if name not in ways:
            findings.say(
                "UNREACHABLE_STATE", state.span, f"no order ever comes to `{name}`",
                "let an event of a state that is reached lead `to` it, or delete it",
                related=(Related(lifecycle.span, "orders begin here"),),
            )  # fmt: skip


def _check_ends(lifecycle: Lifecycle, ways: Mapping[str, Way], findings: Findings) -> None:
    if not any(state.final for state in lifecycle.states.values()):
        findings.say("DEAD_END", lifecycle.span, "no state is final: an order never ends",
                     "write `final: true` in the states after which nothing happens")  # fmt: skip
        return
    leaving = _can_reach(lifecycle, (n for n, s in lifecycle.states.items() if s.final))
    stuck = _can_reach(lifecycle, (n for n, s in lifecycle.states.items()
                                   if not s.final and not s.moves))  # fmt: skip
    entered: set[str] = set()
    for name, way in ways.items():
        state = lifecycle.states[name]
        if not state.final and not state.moves:
            findings.say("DEAD_END", state.span, f"an order stays in `{name}` for ever: {way}",
                         "write `final: true`, or the events that lead on")  # fmt: skip
        elif name not in leaving and name not in stuck and name not in entered:
            # The states behind it are the same trap: one finding for all of them.
            entered |= _behind(lifecycle, name)
            findings.say("DEAD_END", state.span, f"no final state can be reached after: {way}",
                         "let one of the states behind it lead to a final one")  # fmt: skip


def _can_reach(lifecycle: Lifecycle, goals: Iterable[str]) -> set[str]:
    origins: dict[str, list[str]] = {}
    for state, _, move in lifecycle.moves():
        origins.setdefault(move.to, []).append(state)
    found = set(goals)
    waiting = list(found)
    while waiting:
        onwards = [o for o in origins.get(waiting.pop(), ()) if o not in found]
        found.update(onwards)
        waiting += onwards
    return found


def _behind(lifecycle: Lifecycle, name: str) -> set[str]:
    return set(reached(replace(lifecycle, initial=name)))


def _check_events(lifecycle: Lifecycle, ways: Mapping[str, Way], findings: Findings) -> None:
    handled = {event for state in lifecycle.states.values() for event in state.moves}
    spans = lifecycle.event_spans
    for event, span in spans.items():
        if event not in handled:
            findings.say("UNHANDLED_EVENT", span, f"no state does anything on `{event}`",
                         "write it under `on` of a state, or delete it")  # fmt: skip
    led = {(event, move.to) for origin, event, move in lifecycle.moves() if origin != move.to}
    for name in ways:
        state = lifecycle.states[name]
        answered = {*state.moves, *state.ignored, *state.refused}
        silent = [
            event
            for event in lifecycle.at_any_time
            if event in handled and event not in answered and (event, name) not in led
        ]
        if silent and not state.final:
            listed = ", ".join(silent)
            findings.say(
                "MISSING_EVENT", state.span,
                f"`{name}` does not say what happens on {', '.join(f'`{e}`' for e in silent)}, "
                "which may come at any time",
                f"write it under `on`, or `ignore: [{listed}]`, or `refuse: [{listed}]`",
                related=tuple(Related(spans[e], "declared here") for e in silent),
            )  # fmt: skip


def _check_thread(thread: Thread, lifecycle: Lifecycle, findings: Findings) -> None:
    """Follow one thread along all ways: every pair of state and condition is visited once."""
    start = Way(lifecycle.initial, thread.start)
    seen = {(start.state, start.condition)}
    said: set[object] = set()
    queue = deque([start])
    while queue:
        way = queue.popleft()
        for event, move in lifecycle.states[way.state].moves.items():
            if move.to not in lifecycle.states:
                continue
            after = _apply(thread, way, event, move, said, findings)
            _check_settled(thread, after, lifecycle, said, findings)
            if (after.state, after.condition) not in seen:
                seen.add((after.state, after.condition))
                queue.append(after)


def _apply(
    thread: Thread, way: Way, event: str, move: MovePlan, said: set[object], findings: Findings
) -> Way:
    """The way with one more move; an effect that does not fit leaves the thread as it is."""
    condition = way.condition
    for effect, span in zip(move.effects, move.effect_spans, strict=True):
        steps = thread.moves.get(effect)
        if steps is None:
            continue
        if condition in steps:
            condition = steps[condition]
        elif span not in said and len(said) < _MOST:
            said.add(span)
            findings.say(
                "EFFECT_OUT_OF_ORDER", span,
                f"{way.then(event, move)}: `{effect}` {_WRONG[effect, condition]}",
                "delete it here, or where the way comes from",
                related=_touched(thread, way),
            )  # fmt: skip
    return way.then(event, move, condition)


def _check_settled(
    thread: Thread, way: Way, lifecycle: Lifecycle, said: set[object], findings: Findings
) -> None:
    if way.move is None or not lifecycle.states[way.state].final:
        return
    # One finding for every move that ends it so, not for every way to that move.
    ended = ("end", way.move.span)
    if way.condition not in thread.open or ended in said or len(said) >= _MOST:
        return
    said.add(ended)
    findings.say(
        "STOCK_NOT_RELEASED", way.move.span,
        f"{way} never releases what `reserve` took",
        "add `release` where the order ends without a parcel, or `consume` where it is shipped",
        related=_touched(thread, way),
    )  # fmt: skip


def _touched(thread: Thread, way: Way) -> tuple[Related, ...]:
    """Where the thread was last touched on the way here."""
    for move in (step.move for step in way.backwards() if step.move is not None):
        for effect, span in zip(reversed(move.effects), reversed(move.effect_spans), strict=True):
            if effect in thread.moves:
                return (Related(span, f"`{effect}` happens here"),)
    return ()


# (effect, how the thread stands) -> why they do not go together.
_WRONG: dict[tuple[str, str], str] = {
    ("reserve", "reserved"): "reserves the units a second time",
    ("reserve", "gone"): "reserves units that have left the house",
    ("reserve", "back"): "reserves units of an order that came back",
    ("release", "free"): "has nothing to release: nothing is reserved",
    ("release", "gone"): "releases units that have left the house",
    ("release", "back"): "has nothing to release: the units are back in stock or written off",
    ("consume", "free"): "takes out units that nobody reserved",
    ("consume", "gone"): "takes the units out of stock a second time",
    ("consume", "back"): "takes out units that came back",
    ("restock", "free"): "puts units into stock that never left it",
    ("restock", "reserved"): "puts units into stock that never left it; `release` gives them back",
    ("restock", "back"): "puts the units into stock a second time",
    ("write_off", "free"): "writes off units that never left the house",
    ("write_off", "reserved"): "writes off units that never left the house",
    ("write_off", "back"): "writes off units that are back in stock or written off already",
    ("refund", "refunded"): "gives the money back a second time",
}  # fmt: skip
