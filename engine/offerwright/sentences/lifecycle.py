"""Lifecycles → where every event leads, and what is done then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offerwright.rules.lifecycle_document import LifecycleDocument, State
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.telling import Telling
from offerwright.sentences.wording import Wording


def told_lifecycle(document: LifecycleDocument, telling: Telling) -> Iterator[Sentence]:
    """The beginning, every move of every state, and what marketplaces' reports stand for."""
    text = telling.say("lifecycle.initial", state=document.initial)
    yield telling.sentence("initial", text, telling.at("initial"))
    yield from _events(document, telling)
    for name, state in document.states.items():
        yield from _state(name, state, telling)
    for status, event in document.statuses.items():
        text = telling.say("lifecycle.status", status=status, event=event)
        yield telling.sentence(f"statuses/{status}", text, telling.at("statuses", status))


def _events(document: LifecycleDocument, telling: Telling) -> Iterator[Sentence]:
    """Which may come at any time, and what each of them means."""
    at_any_time = [name for name, word in document.events.items() if word.at_any_time]
    key = telling.loaded.located.key
    if at_any_time:
        listed = telling.words.all_of(at_any_time)
        text = telling.say("lifecycle.at_any_time", events=listed)
        yield telling.sentence("events", text, key(("events",)))
    for name, word in document.events.items():
        if word.note:
            text = telling.say("lifecycle.event", event=name, note=word.note)
            yield telling.sentence(f"events/{name}", text, key(("events", name)))


def _state(name: str, state: State, telling: Telling) -> Iterator[Sentence]:
    span = telling.loaded.located.key(("states", name))
    if state.note:
        text = telling.say("lifecycle.note", state=name, note=state.note)
        yield telling.sentence(name, text, span)
    if state.final:
        yield telling.sentence(name, telling.say("lifecycle.final", state=name), span)
    for event, move in state.on.items():
        text = move_text(name, event, move.to, move.do, telling.words)
        place = telling.loaded.located.key(("states", name, "on", event))
        yield telling.sentence(f"{name}/{event}", text, place)
    for key, events in (("ignore", state.ignore), ("refuse", state.refuse)):
        if events:
            listed = telling.words.all_of(events)
            text = telling.say(f"lifecycle.{key}", state=name, events=listed)
            yield telling.sentence(f"{name}/{key}", text, telling.at("states", name, key))


def move_text(state: str, event: str, to: str, effects: Sequence[str], words: Wording) -> str:
    """`in new, pay leads to paid: choose the node that ships`."""
    key = "lifecycle.stay" if to == state else "lifecycle.move"
    text = words.say(key, state=state, event=event, to=to)
    if not effects:
        return text
    told = words.all_of(words.say(f"effect.{word}") for word in effects)
    return words.say("lifecycle.do", move=text, effects=told)
