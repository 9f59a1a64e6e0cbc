"""A lifecycle → its drawing: SVG that anybody can look at, and Mermaid for places that draw it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from offerwright.pages.layout import Box, Layout, Link, Placed, layout
from offerwright.rules.lifecycle_table import Lifecycle
from offerwright.sentences.lifecycle import move_text
from offerwright.sentences.wording import Wording

LETTER, LINE, PADDING = 7.6, 17.0, 12.0
# More states than this make no drawing that anybody reads.
MOST_STATES = 100
STYLE = """\
.lc{font:13px/1.3 system-ui,sans-serif}
.lc rect{fill:#fff;stroke:#57606a;stroke-width:1.3}
.lc .first rect{stroke:#0b57d0;stroke-width:2.4}
.lc .final rect{fill:#eef1f4;stroke:#57606a;stroke-width:2.4}
.lc text{fill:#1f2328;text-anchor:middle}
.lc .event text,.lc .loop{fill:#0b57d0;font-size:12px}
.lc .event text{paint-order:stroke;stroke:#fff;stroke-width:5px}
.lc path{fill:none;stroke:#6e7781;stroke-width:1.3}
.lc marker path{fill:#6e7781;stroke:none}
@media(prefers-color-scheme:dark){
.lc rect{fill:#161b22;stroke:#8b949e}
.lc .first rect{stroke:#79b0ff}
.lc .final rect{fill:#2b323b;stroke:#8b949e}
.lc text{fill:#e6edf3}
.lc .event text,.lc .loop{fill:#9cc4ff}
.lc .event text{stroke:#0d1117}
.lc path{stroke:#8b949e}
.lc marker path{fill:#8b949e}
}
"""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The SVG element for a page; `file` is the same with its style, to stand alone."""

    svg: str
    file: str
    mermaid: str


def draw(lifecycle: Lifecycle, words: Wording) -> Drawing:
    """The drawing of a lifecycle, deterministic to the byte."""
    loops = {name: _loops(lifecycle, name) for name in lifecycle.states}
    boxes = {
        name: Box(
            max(_width(name), *(_width(f"↻ {e}") for e in loops[name]), 0.0) + 2 * PADDING,
            LINE * (1 + len(loops[name])) + PADDING,
        )
        for name in _in_order(lifecycle)
    }
    events = _links(lifecycle)
    links = [
        Link(a, b, Box(max(map(_width, names)) + 6, LINE * len(names)))
        for (a, b), names in events.items()
    ]
    placed = layout(boxes, links)
    body = [*_edges(lifecycle, events, placed, words), *_states(lifecycle, boxes, loops, placed)]
    opening = _opening(lifecycle, placed, words)
    inside = "\n".join(body)
    return Drawing(
        f"{opening('')}\n{inside}\n</svg>\n",
        f"{opening(STYLE)}\n{inside}\n</svg>\n",
        mermaid(lifecycle),
    )


def mermaid(lifecycle: Lifecycle) -> str:
    """The state diagram in Mermaid's words; states are numbered, for some names are its own."""
    number = {name: f"s{i}" for i, name in enumerate(_in_order(lifecycle))}
    lines = ["stateDiagram-v2", "    direction TB"]
    lines += [f'    state "{_plain(name)}" as {key}' for name, key in number.items()]
    lines.append(f"    [*] --> {number[lifecycle.initial]}")
    for origin, event, move in lifecycle.moves():
        lines.append(f"    {number[origin]} --> {number[move.to]}: {_plain(event)}")
    lines += [f"    {number[n]} --> [*]" for n, s in lifecycle.states.items() if s.final]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return "".join(c if c.isalnum() or c in "_.- " else " " for c in text)


def _in_order(lifecycle: Lifecycle) -> list[str]:
    return [lifecycle.initial, *(n for n in lifecycle.states if n != lifecycle.initial)]


def _width(text: str) -> float:
    return LETTER * len(text)


def _loops(lifecycle: Lifecycle, name: str) -> list[str]:
    return [e for e, move in lifecycle.states[name].moves.items() if move.to == name]


def _links(lifecycle: Lifecycle) -> dict[tuple[str, str], list[str]]:
    """The events between two states are one link with several lines."""
    found: dict[tuple[str, str], list[str]] = {}
    for origin, event, move in lifecycle.moves():
        if move.to != origin:
            found.setdefault((origin, move.to), []).append(event)
    return found


def _opening(lifecycle: Lifecycle, placed: Layout, words: Wording) -> Callable[[str], str]:
    """The start of the element, by the style that stands in it; with a title and a description."""
    title = words.say("page.drawing", name=lifecycle.name)
    told = words.sentence(words.say("lifecycle.initial", state=lifecycle.initial))
    finals = words.all_of(n for n, s in lifecycle.states.items() if s.final)
    told += " " + words.sentence(words.say("page.finals", states=finals))
    size = f"{placed.width:.0f} {placed.height:.0f}"
    key = f"lc-{_plain(lifecycle.name).replace(' ', '-')}"

    def opening(style: str) -> str:
        inside = f"<style>{style}</style>\n" if style else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="lc" viewBox="0 0 {size}" '
            f'width="{placed.width:.0f}" height="{placed.height:.0f}" role="img" '
            f'aria-labelledby="{key}-t {key}-d">\n{inside}'
            f'<title id="{key}-t">{escape(title)}</title>\n'
            f'<desc id="{key}-d">{escape(told)}</desc>\n'
            f'<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
            f'markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>'
        )

    return opening


def _edges(
    lifecycle: Lifecycle,
    events: Mapping[tuple[str, str], list[str]],
    placed: Layout,
    words: Wording,
) -> list[str]:
    found = []
    for (pair, names), way, label in zip(events.items(), placed.ways, placed.labels, strict=True):
        moves = ((event, lifecycle.states[pair[0]].moves[event]) for event in names)
        told = "; ".join(move_text(pair[0], e, m.to, m.effects, words) for e, m in moves)
        lines = _lines(names, label)
        found.append(
            f'<g class="event"><title>{escape(told)}</title>'
            f'<path d="{_curve(way)}" marker-end="url(#arrow)"/>{lines}</g>'
        )
    return found


def _lines(names: list[str], middle: Placed) -> str:
    top = middle.y - LINE * (len(names) - 1) / 2
    return "".join(
        f'<text x="{middle.x:.1f}" y="{top + i * LINE + 4:.1f}">{escape(name)}</text>'
        for i, name in enumerate(names)
    )


def _curve(points: tuple[Placed, ...]) -> str:
    """A smooth way through the points: vertical where it meets a box."""
    parts = [f"M{points[0].x:.1f} {points[0].y:.1f}"]
    for a, b in pairwise(points):
        half = (a.y + b.y) / 2
        parts.append(f"C{a.x:.1f} {half:.1f} {b.x:.1f} {half:.1f} {b.x:.1f} {b.y:.1f}")
    return "".join(parts)


def _states(
    lifecycle: Lifecycle,
    boxes: Mapping[str, Box],
    loops: Mapping[str, list[str]],
    placed: Layout,
) -> list[str]:
    found = []
    for name, box in boxes.items():
        at, state = placed.boxes[name], lifecycle.states[name]
        sort = "final" if state.final else "first" if name == lifecycle.initial else "state"
        top = at.y - box.height / 2
        lines = f'<text x="{at.x:.1f}" y="{top + PADDING / 2 + 13:.1f}">{escape(name)}</text>'
        lines += "".join(
            f'<text class="loop" x="{at.x:.1f}" y="{top + PADDING / 2 + 13 + LINE * (i + 1):.1f}">'
            f"↻ {escape(event)}</text>"
            for i, event in enumerate(loops[name])
        )
        title = f"<title>{escape(state.note)}</title>" if state.note else ""
        found.append(
            f'<g class="{sort}">{title}<rect x="{at.x - box.width / 2:.1f}" y="{top:.1f}" '
            f'width="{box.width:.1f}" height="{box.height:.1f}" rx="8"/>{lines}</g>'
        )
    return found
