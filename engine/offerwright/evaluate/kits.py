"""
What kits are made of, how many can be made, and who gets the components.

A kit has no stock of its own: its pool is what its components suffice for, what is claimed of it is
claimed of them, and all listings of a kit and of its components together never use more of a
component than its pool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from offerwright.evaluate.columns import Array, Words
from offerwright.evaluate.facts import SnapshotColumns
from offerwright.evaluate.fill import Needs, Truth, Wishes, fill
from offerwright.evaluate.operations import Rows
from offerwright.frames import map_column
from offerwright.rules.plan import KitPlan

MAX_DEPTH = 8
MOST_UNITS = 10**12
MOST_COUNTED = 10**15
"""No shop counts more of anything: a greater number is a mistake; sums of this do not overflow."""
Recipe = dict[int | str, int]
"""Units by the row of a component; by its SKU where the snapshot has none of that name."""


@dataclass(frozen=True)
class Parts:
    """
    One line per kit and component: the rows of both, and the units that one kit takes.

    `wrong` says by code which kits cannot be made; of those whose recipe can be read the lines
    stand here all the same, because what is claimed of them is claimed.
    """

    kit: Array
    component: Array
    units: Array
    is_kit: Truth
    wrong: Mapping[str, Truth]

    def claimed(self, units: Array) -> Array:
        """By row, the units that kits take of it, for so many pieces of every kit."""
        pieces = units[self.kit]
        largest = int(self.units.max(initial=0)) * int(np.abs(pieces).max(initial=0))
        wide = largest * (len(pieces) + 1) >= 2**63
        found = np.zeros(len(self.is_kit), dtype=object if wide else np.int64)
        np.add.at(found, self.component, self.units.astype(found.dtype) * pieces)
        return np.asarray(np.clip(found, -MOST_COUNTED, MOST_COUNTED)).astype(np.int64)

    def sound(self, blocked: Truth) -> Parts:
        """Only kits that can be made of components whose pool is known."""
        unsound = blocked.copy()
        for mask in self.wrong.values():
            unsound |= mask
        unsound[self.kit[blocked[self.component]]] = True
        kept = ~unsound[self.kit]
        return Parts(self.kit[kept], self.component[kept], self.units[kept], self.is_kit, {})


def parts_of(plan: KitPlan, rows: Rows) -> Parts:
    """The components of every kit, kits inside kits taken apart."""
    recipes, negative = _recipes(plan, rows)
    opened = _opened(recipes)
    is_kit, cycle, missing, quantity = (np.zeros(rows.size, dtype=bool) for _ in range(4))
    is_kit[[*recipes, *np.flatnonzero(negative)]] = True
    cycle[list(recipes.keys() - opened.keys())] = True
    lines: list[tuple[int, int, int]] = []
    for kit, recipe in sorted(opened.items()):
        for component, units in recipe.items():
            if isinstance(component, str):
                missing[kit] = True
                continue
            quantity[kit] |= units > MOST_UNITS or bool(negative[component])
            lines.append((kit, component, min(units, MOST_UNITS)))
    table = np.array(lines, dtype=np.int64).reshape(-1, 3)
    wrong = {
        "KIT_COMPONENT_MISSING": missing,
        "KIT_CYCLE": cycle,
        "KIT_QUANTITY": quantity | negative,
    }
    return Parts(table[:, 0], table[:, 1], table[:, 2], is_kit, wrong)


def _recipes(plan: KitPlan, rows: Rows) -> tuple[dict[int, Recipe], Truth]:
    """By row of a kit what is written of it; and the kits of which less than nothing is needed."""
    found: dict[int, Recipe] = {}
    negative = np.zeros(rows.size, dtype=bool)
    prefix = map_column(plan.components, "")
    names = sorted(name for name in rows.facts if name.startswith(prefix))
    row_of = rows_by_sku(rows) if names else {}
    for name in names:
        component = row_of.get(name.removeprefix(prefix), name.removeprefix(prefix))
        kits, units = _counts(name, rows)
        negative[kits[units < 0]] = True
        for kit, number in zip(kits.tolist(), units.tolist(), strict=True):
            if number > 0:
                found.setdefault(kit, {})[component] = number
    return {kit: recipe for kit, recipe in found.items() if not negative[kit]}, negative


def _counts(name: str, rows: Rows) -> tuple[Array, Array]:
    """Where a kit has units of a component: few rows of a column that may be one of thousands."""
    if not isinstance(rows.facts, SnapshotColumns):
        raise TypeError("kits are read from a snapshot")
    return rows.facts.counts(name)


def rows_by_sku(rows: Rows) -> dict[str, int]:
    column = rows.get("sku")
    if not isinstance(column, Words):
        raise TypeError("a SKU is a text")
    return {column.vocabulary[code]: row for row, code in enumerate(column.codes.tolist())}


def _opened(recipes: Mapping[int, Recipe]) -> dict[int, Recipe]:
    """
    The recipes without kits in them; a kit that contains itself, or nests too deep, has none.

    Level by level: a kit is opened once all kits in it are.
    """
    opened: dict[int, Recipe] = {}
    closed = dict(recipes)
    for _ in range(MAX_DEPTH):
        ready = [kit for kit, recipe in closed.items() if not recipe.keys() & closed.keys()]
        opened |= {kit: _flat(closed[kit], opened) for kit in ready}
        closed = {kit: recipe for kit, recipe in closed.items() if kit not in opened}
    return opened


def _flat(recipe: Recipe, opened: Mapping[int, Recipe]) -> Recipe:
    """Units multiply down into a kit, always from one piece of the outer one: they never build up
    along a recipe."""
    flat: Recipe = {}
    for component, units in recipe.items():
        inner = opened.get(component) if isinstance(component, int) else None
        for part, each in ({component: 1} if inner is None else inner).items():
            flat[part] = flat.get(part, 0) + units * each
    return flat


def kit_pools(parts: Parts, pool: Array) -> Array:
    """The pool with every kit at the number of pieces that its components suffice for."""
    made = np.where(parts.is_kit, 0, pool)
    made[parts.kit] = np.iinfo(np.int64).max
    np.minimum.at(made, parts.kit, pool[parts.component] // parts.units)
    return made


def shared_out(
    plan: KitPlan, parts: Parts, pool: Array, wishes: Sequence[Array], rows: Rows
) -> list[Array]:
    """
    What every entry gets of kits and their components, one unit in turn, at most its wish.

    Within a round the turns are those of the entries in written order, of kits before components,
    then by SKU. With `first` one kind has had all its rounds before the other begins.
    """
    if not len(parts.kit):
        return list(wishes)
    members = _in_turn(parts, rows)
    used = np.unique(parts.component)
    needs = _needs(parts, members, used, len(wishes))
    pairs = list(zip(parts.kit.tolist(), parts.component.tolist(), strict=True))
    group_of = _grouped(pairs, len(parts.is_kit))
    wanted = np.concatenate([wish[members] for wish in wishes])
    is_kit = np.tile(parts.is_kit[members], len(wishes))
    left, got = pool[used], np.zeros_like(wanted)
    for taking in _passes(plan, is_kit):
        wish = Wishes(
            np.where(taking, wanted, 0), np.tile(group_of[members], len(wishes)), group_of[used]
        )
        more, left = fill(wish, needs, left)
        got = got + more
    return [
        _placed(wish, members, units)
        for wish, units in zip(wishes, np.split(got, len(wishes)), strict=True)
    ]


def _passes(plan: KitPlan, is_kit: Truth) -> tuple[Truth, ...]:
    if plan.first is None:
        return (np.ones_like(is_kit),)
    return (is_kit, ~is_kit) if plan.first == "kits" else (~is_kit, is_kit)


def _placed(wish: Array, members: Array, units: Array) -> Array:
    placed = wish.copy()
    placed[members] = units
    return placed


def _in_turn(parts: Parts, rows: Rows) -> Array:
    """The rows of kits and components: kits first, then by SKU."""
    words = rows.get("sku")
    if not isinstance(words, Words):
        raise TypeError("a SKU is a text")
    members = np.unique(np.concatenate([parts.kit, parts.component])).tolist()
    return np.array(
        sorted(members, key=lambda r: (not parts.is_kit[r], words.vocabulary[words.codes[r]])),
        dtype=np.int64,
    )


def _needs(parts: Parts, members: Array, used: Array, entries: int) -> Needs:
    """The lines of all listings: entry by entry, and within an entry in the order of members."""
    place = np.zeros(len(parts.is_kit), dtype=np.int64)
    place[members] = np.arange(len(members))
    row = np.concatenate([parts.kit, used])
    component = np.searchsorted(used, np.concatenate([parts.component, used]))
    units = np.concatenate([parts.units, np.ones_like(used)])
    listing = np.concatenate([place[row] + entry * len(members) for entry in range(entries)])
    component, units = np.tile(component, entries), np.tile(units, entries)
    order = np.lexsort((listing, component))
    return Needs(listing[order], component[order], units[order])


def kin(plan: KitPlan, rows: Rows, chosen: Truth) -> Truth:
    """The chosen rows with all that share a kit, a component, or kin that do."""
    recipes, _ = _recipes(plan, rows)
    pairs = [(k, part) for k, recipe in recipes.items() for part in recipe if isinstance(part, int)]
    number = _grouped(pairs, rows.size)
    return np.asarray(chosen | ((number >= 0) & np.isin(number, number[chosen])))


def _grouped(pairs: Sequence[tuple[int, int]], size: int) -> Array:
    """By row, the number of its group: the rows that these pairs join; −1 for all others."""
    head: dict[int, int] = {}

    def find(row: int) -> int:
        while head.setdefault(row, row) != row:
            head[row] = head[head[row]]
            row = head[row]
        return row

    for one, other in pairs:
        head[find(one)] = find(other)
    number: dict[int, int] = {}
    found = np.full(size, -1, dtype=np.int64)
    for row in sorted(head):
        found[row] = number.setdefault(find(row), len(number))
    return found
