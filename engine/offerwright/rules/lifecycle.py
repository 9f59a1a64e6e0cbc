"""Lifecycle documents → what every event does in every state, with all words checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from offerwright.errors import Diagnostic, Span
from offerwright.marketplaces.document import MarketplaceDocument
from offerwright.rules.effects import EFFECTS
from offerwright.rules.lifecycle_document import LifecycleDocument, Move, State
from offerwright.rules.lifecycle_proofs import prove
from offerwright.rules.lifecycle_table import Lifecycle, MovePlan, StatePlan
from offerwright.rules.rows import Findings
from offerwright.source.located import Loaded, Path
from offerwright.source.suggest import suggest

_UNHEARD = "write it under `on` of a state, or declare it under `events`"


@dataclass(frozen=True, slots=True)
class _Setting:
    """One document while it is linked, and the events it may name."""

    loaded: Loaded[LifecycleDocument]
    events: tuple[str, ...]
    findings: Findings

    def at(self, *path: str | int) -> Span:
        return self.loaded.located.at(path)

    def key(self, *path: str | int) -> Span:
        return self.loaded.located.key(path)


def link_lifecycles(
    documents: Sequence[Loaded[LifecycleDocument]],
    marketplaces: Mapping[str, MarketplaceDocument],
) -> tuple[dict[str, Lifecycle], list[Diagnostic]]:
    """
    The lifecycles by name, and what is wrong with them.

    Args:
        documents: the lifecycle documents of a repository.
        marketplaces: those that the shop sells on, by name; their status words are looked up.

    Returns:
        Every document as a table. With an error among the findings it must not be used.
    """
    findings = Findings()
    found = {loaded.name: _linked(loaded, marketplaces, findings) for loaded in documents}
    return found, findings.items


def _linked(
    loaded: Loaded[LifecycleDocument],
    marketplaces: Mapping[str, MarketplaceDocument],
    findings: Findings,
) -> Lifecycle:
    document = loaded.document
    setting = _Setting(loaded, _event_names(document), findings)
    known = _state(document.initial, setting.at("initial"), document.states, findings)
    lifecycle = Lifecycle(
        name=document.name,
        span=setting.at("initial"),
        initial=document.initial,
        states={name: _state_plan(name, state, setting) for name, state in document.states.items()},
        events={name: word.note or "" for name, word in document.events.items()}
        or dict.fromkeys(setting.events, ""),
        at_any_time=tuple(n for n, word in document.events.items() if word.at_any_time),
        event_spans={name: setting.key("events", name) for name in document.events},
        statuses=dict(document.statuses),
    )
    _check_statuses(lifecycle, marketplaces, setting)
    if known:
        prove(lifecycle, findings)
    return lifecycle


def _event_names(document: LifecycleDocument) -> tuple[str, ...]:
    handled = (event for state in document.states.values() for event in state.on)
    return tuple(document.events) or tuple(dict.fromkeys(handled))


def _state_plan(name: str, state: State, setting: _Setting) -> StatePlan:
    moves = {
        event: _move(move, ("states", name, "on", event), setting)
        for event, move in state.on.items()
    }
    for event in state.on:
        _event(event, setting.key("states", name, "on", event), setting)
    _check_put_aside(name, state, setting)
    if state.final and state.on:
        first = next(iter(state.on))
        setting.findings.say(
            "FINAL_STATE_LEFT", setting.key("states", name, "on", first),
            f"`{name}` is final, and `{first}` leads out of it",
            "delete `final: true`, or the events under `on`",
        )  # fmt: skip
    return StatePlan(
        name, setting.key("states", name), state.final, moves, tuple(state.ignore),
        tuple(state.refuse), state.note or "",
    )  # fmt: skip


def _check_put_aside(name: str, state: State, setting: _Setting) -> None:
    """Events under `ignore` and `refuse` exist, and have one answer."""
    seen = {event: "on" for event in state.on}
    for key, events in (("ignore", state.ignore), ("refuse", state.refuse)):
        for index, event in enumerate(events):
            span = setting.at("states", name, key, index)
            _event(event, span, setting)
            if event in seen:
                setting.findings.say(
                    "EVENT_TWICE", span,
                    f"`{event}` stands under `{seen[event]}` and under `{key}`",
                    "one state gives one answer to an event: delete one of them",
                )  # fmt: skip
            seen.setdefault(event, key)


def _move(move: Move, path: Path, setting: _Setting) -> MovePlan:
    states = setting.loaded.document.states
    _state(move.to, setting.at(*path, "to"), states, setting.findings)
    for index, effect in enumerate(move.do):
        span = setting.at(*path, "do", index)
        if effect not in EFFECTS:
            setting.findings.say("UNKNOWN_EFFECT", span, f"no effect is called `{effect}`",
                                 suggest(effect, EFFECTS))  # fmt: skip
        elif effect in move.do[:index]:
            setting.findings.say("EFFECT_TWICE", span, f"`{effect}` stands here twice",
                                 "delete one of them")  # fmt: skip
    spans = tuple(setting.at(*path, "do", index) for index in range(len(move.do)))
    return MovePlan(move.to, tuple(move.do), setting.key(*path), spans)


def _state(name: str, span: Span, known: Iterable[str], findings: Findings) -> bool:
    if name in known:
        return True
    findings.say("UNKNOWN_STATE", span, f"no state is called `{name}`", suggest(name, known))
    return False


def _event(name: str, span: Span, setting: _Setting) -> bool:
    if name in setting.events:
        return True
    setting.findings.say("UNKNOWN_EVENT", span, f"no event is called `{name}`",
                         suggest(name, setting.events) or _UNHEARD)  # fmt: skip
    return False


def _check_statuses(
    lifecycle: Lifecycle, marketplaces: Mapping[str, MarketplaceDocument], setting: _Setting
) -> None:
    """Every status that a marketplace reports has an event; the initial state needs none."""
    words = {w: name for name, m in marketplaces.items() for w in m.order_status}
    for status, event in lifecycle.statuses.items():
        _event(event, setting.at("statuses", status), setting)
        if words and status not in words:
            setting.findings.say(
                "UNKNOWN_STATUS", setting.key("statuses", status),
                f"no marketplace of this shop reports `{status}`", suggest(status, words),
            )  # fmt: skip
    silent = sorted(set(words) - {*lifecycle.statuses, lifecycle.initial})
    if lifecycle.statuses and silent:
        named = ", ".join(f"`{word}` ({words[word]})" for word in silent)
        setting.findings.say(
            "STATUS_WITHOUT_EVENT", setting.key("statuses"),
            f"marketplaces report what no event stands for: {named}",
            f"add `{silent[0]}: <event>`", severity="warning",
        )  # fmt: skip
