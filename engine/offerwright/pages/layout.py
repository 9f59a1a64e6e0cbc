"""
A directed graph → places for its boxes and links, top down, the same on every machine.

The way of Sugiyama: turn the links that close circles, put boxes on layers by the longest way to
them, order every layer by where its neighbours lie, and move boxes above their neighbours. A link
passes the layers between its ends as a small box of its own, one of which carries its label, so
that nothing lies on anything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP_X, GAP_Y, SWEEPS = 18.0, 22.0, 12


@dataclass(frozen=True, slots=True)
class Box:
    """Something with a size, in pixels."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Link:
    """From one box to another, with a label of this size."""

    origin: str
    to: str
    label: Box


@dataclass(frozen=True, slots=True)
class Placed:
    """The middle of a box."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything lies. `ways[i]` are the points of the i-th link from its origin to its
    end, `labels[i]` the middle of its label."""

    width: float
    height: float
    boxes: Mapping[str, Placed]
    ways: tuple[tuple[Placed, ...], ...]
    labels: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class _Chain:
    """One link as the keys it passes, from the upper end to the lower; `turned`: drawn upwards."""

    keys: tuple[str, ...]
    label: str
    turned: bool


def layout(boxes: Mapping[str, Box], links: Sequence[Link]) -> Layout:
    """
    Places for boxes and links.

    Args:
        boxes: sizes by name; the first one comes first.
        links: between different boxes; a pair may be linked both ways, each way once.
    """
    down = _downwards(list(boxes), links)
    layer = _layers(list(boxes), [p for p, _ in down])
    sizes: dict[str, Box] = dict(boxes)
    levels = {name: 2 * number for name, number in layer.items()}
    chains = [
        _chain(i, link, turned, levels, sizes)
        for i, (link, (_, turned)) in enumerate(zip(links, down, strict=True))
    ]
    rows = _ordered(levels, chains)
    x = _across(rows, chains, sizes)
    y = _heights(rows, sizes)
    return _finished(boxes, chains, sizes, x, {k: y[level] for k, level in levels.items()})


def _downwards(names: Sequence[str], links: Sequence[Link]) -> list[tuple[tuple[str, str], bool]]:
    """Every link as (upper, lower), and whether it had to be turned to close no circle."""
    open_, done, turned = set[str](), set[str](), set[tuple[str, str]]()
    outgoing: dict[str, list[str]] = {name: [] for name in names}
    for link in links:
        outgoing[link.origin].append(link.to)

    def visit(name: str) -> None:
        open_.add(name)
        for to in outgoing[name]:
            if to in open_:
                turned.add((name, to))
            elif to not in done:
                visit(to)
        open_.discard(name)
        done.add(name)

    for name in names:
        if name not in done:
            visit(name)
    return [
        ((link.to, link.origin), True)
        if (link.origin, link.to) in turned
        else ((link.origin, link.to), False)
        for link in links
    ]


def _layers(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """How many links the longest way to every box has."""
    layer = dict.fromkeys(names, 0)
    for _ in names:
        for upper, lower in pairs:
            layer[lower] = max(layer[lower], layer[upper] + 1)
    return layer


def _chain(
    number: int, link: Link, turned: bool, levels: dict[str, int], sizes: dict[str, Box]
) -> _Chain:
    """The small boxes of a link on the levels that it passes; they join `levels` and `sizes`."""
    upper, lower = (link.to, link.origin) if turned else (link.origin, link.to)
    passed = range(levels[upper] + 1, levels[lower])
    keys = [f"{number}|{level}" for level in passed]
    # The label stands below the origin, where the reader looks for what leads away from it.
    label = keys[-1] if turned else keys[0]
    for key, level in zip(keys, passed, strict=True):
        levels[key] = level
        sizes[key] = link.label if key == label else Box(2.0, 0.0)
    return _Chain((upper, *keys, lower), label, turned)


def _ordered(levels: Mapping[str, int], chains: Sequence[_Chain]) -> list[list[str]]:
    """The keys of every level, left to right; of several orders the one with fewest crossings."""
    rows: list[list[str]] = [[] for _ in range(max(levels.values()) + 1)]
    for key, level in levels.items():
        rows[level].append(key)
    above, below = _neighbours(chains)
    best, least = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        order = rows if downwards else rows[::-1]
        near = above if downwards else below
        for fixed, row in pairwise(order):
            at = {key: float(i) for i, key in enumerate(fixed)}
            here = {key: float(i) for i, key in enumerate(row)}
            row.sort(key=lambda k, at=at, here=here, near=near: (  # type: ignore[misc]
                _mean([at[n] for n in near.get(k, ())], here[k]), here[k]))  # fmt: skip
        crossed = _crossings(rows, below)
        if crossed < least:
            best, least = [list(row) for row in rows], crossed
    return best


def _neighbours(chains: Sequence[_Chain]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for chain in chains:
        for upper, lower in pairwise(chain.keys):
            above.setdefault(lower, []).append(upper)
            below.setdefault(upper, []).append(lower)
    return above, below


def _crossings(rows: Sequence[Sequence[str]], below: Mapping[str, Sequence[str]]) -> int:
    found = 0
    for row, next_row in pairwise(rows):
        at = {key: i for i, key in enumerate(next_row)}
        ends = [
            at[lower] for key in row for lower in sorted(below.get(key, ()), key=at.__getitem__)
        ]
        found += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return found


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _across(
    rows: Sequence[Sequence[str]], chains: Sequence[_Chain], sizes: Mapping[str, Box]
) -> dict[str, float]:
    """The x of every key: as near above and below its neighbours as the order allows."""
    above, below = _neighbours(chains)
    x: dict[str, float] = {}
    for row in rows:
        x |= _spread(row, dict.fromkeys(row, 0.0), sizes)
    for sweep in range(4 * SWEEPS):
        order = rows if sweep % 2 == 0 else rows[::-1]
        near = above if sweep % 2 == 0 else below
        for row in order:
            wanted = {k: _mean([x[n] for n in near.get(k, ())], x[k]) for k in row}
            x |= _spread(row, wanted, sizes)
    for row in rows:
        both = {k: _mean([x[n] for n in (*above.get(k, ()), *below.get(k, ()))], x[k]) for k in row}
        x |= _spread(row, both, sizes)
    return x


def _spread(
    row: Sequence[str], wanted: Mapping[str, float], sizes: Mapping[str, Box]
) -> dict[str, float]:
    """The places nearest to the wanted ones that keep order and gaps (least squares)."""
    offset, offsets = 0.0, []
    for i, key in enumerate(row):
        if i:
            offset += (sizes[row[i - 1]].width + sizes[key].width) / 2 + GAP_X
        offsets.append(offset)
    blocks: list[tuple[float, int]] = []
    for key, shift in zip(row, offsets, strict=True):
        total, count = wanted[key] - shift, 1
        # Neighbours that want to pass each other stand side by side, at their mean.
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before = blocks.pop()
            total, count = total + before[0], count + before[1]
        blocks.append((total, count))
    means = [total / count for total, count in blocks for _ in range(count)]
    return {k: mean + o for k, mean, o in zip(row, means, offsets, strict=True)}


def _heights(rows: Sequence[Sequence[str]], sizes: Mapping[str, Box]) -> list[float]:
    """The y of the middle of every level."""
    found, y = [], 0.0
    for row in rows:
        tall = max((sizes[key].height for key in row), default=0.0)
        found.append(y + tall / 2)
        y += tall + GAP_Y
    return found


def _finished(
    boxes: Mapping[str, Box],
    chains: Sequence[_Chain],
    sizes: Mapping[str, Box],
    x: Mapping[str, float],
    y: Mapping[str, float],
) -> Layout:
    """Everything moved so that it begins at the margin."""
    left = min(x[k] - sizes[k].width / 2 for k in x) - GAP_X
    right = max(x[k] + sizes[k].width / 2 for k in x) + GAP_X
    bottom = max(y[k] + sizes[k].height / 2 for k in y) + GAP_Y

    def place(key: str, edge: float = 0.0) -> Placed:
        return Placed(x[key] - left, y[key] + GAP_Y + edge * sizes[key].height / 2)

    ways = []
    for chain in chains:
        first, *middle, last = chain.keys
        points = (place(first, 1.0), *map(place, middle), place(last, -1.0))
        ways.append(points[::-1] if chain.turned else points)
    return Layout(
        right - left, bottom + GAP_Y, {name: place(name) for name in boxes}, tuple(ways),
        tuple(place(chain.label) for chain in chains),
    )  # fmt: skip
