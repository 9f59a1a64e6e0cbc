"""Where boxes and links are put: nothing lies on anything else, and always in the same place."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from offerwright.pages.layout import GAP_Y, Box, Layout, Link, layout

NAMES = "abcdefgh"


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, Box], list[Link]]:
    """Up to eight boxes and any links between different ones."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    boxes = {n: Box(draw(st.integers(20, 90)), draw(st.integers(20, 60))) for n in names}
    pairs = [(a, b) for a in names for b in names if a != b]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=14, unique=True)) if pairs else []
    links = [Link(a, b, Box(draw(st.integers(10, 80)), 17.0)) for a, b in chosen]
    return boxes, links


def stretches(placed: Layout, boxes: dict[str, Box], links: list[Link]) -> list[tuple[float, ...]]:
    """Left, top, right and bottom of every box and every label."""
    at = [(placed.boxes[name], box) for name, box in boxes.items()]
    at += [(middle, link.label) for middle, link in zip(placed.labels, links, strict=True)]
    return [
        (p.x - b.width / 2, p.y - b.height / 2, p.x + b.width / 2, p.y + b.height / 2)
        for p, b in at
    ]


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_no_box_and_no_label_lies_on_another(graph: tuple[dict[str, Box], list[Link]]) -> None:
    boxes, links = graph
    placed = layout(boxes, links)
    for one, other in combinations(stretches(placed, boxes, links), 2):
        apart = (one[2] <= other[0] + 1e-6, other[2] <= one[0] + 1e-6,
                 one[3] <= other[1] + 1e-6, other[3] <= one[1] + 1e-6)  # fmt: skip

        assert any(apart)


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_everything_lies_within_the_drawing(graph: tuple[dict[str, Box], list[Link]]) -> None:
    boxes, links = graph
    placed = layout(boxes, links)

    for left, top, right, bottom in stretches(placed, boxes, links):
        assert min(left, top) >= 0
        assert right <= placed.width + 1e-6
        assert bottom <= placed.height + 1e-6


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_a_link_leads_from_its_origin_to_its_end(
    graph: tuple[dict[str, Box], list[Link]],
) -> None:
    boxes, links = graph
    placed = layout(boxes, links)

    for link, way in zip(links, placed.ways, strict=True):
        for name, end in ((link.origin, way[0]), (link.to, way[-1])):
            assert end.x == placed.boxes[name].x
            assert abs(abs(end.y - placed.boxes[name].y) - boxes[name].height / 2) < 1e-6
        # It goes down all the way, or up all the way.
        assert len({a.y < b.y for a, b in pairwise(way)}) == 1


@settings(max_examples=30, deadline=None)
@given(graphs())
def test_the_same_graph_lies_in_the_same_place(graph: tuple[dict[str, Box], list[Link]]) -> None:
    assert layout(*graph) == layout(*graph)


def test_a_chain_runs_straight_down() -> None:
    box, label = Box(40, 20), Box(30, 17)
    placed = layout(dict.fromkeys("abc", box), [Link("a", "b", label), Link("b", "c", label)])

    assert [placed.boxes[n].x for n in "abc"] == [placed.boxes["a"].x] * 3
    # Half a box, a gap, a label, a gap, half a box.
    assert placed.boxes["b"].y - placed.boxes["a"].y == 10 + GAP_Y + 17 + GAP_Y + 10


def test_links_that_cross_are_turned_apart() -> None:
    box, label = Box(40, 20), Box(10, 10)
    links = [Link("a", "b", label), Link("a", "c", label), Link("b", "e", label),
             Link("c", "d", label)]  # fmt: skip
    placed = layout(dict.fromkeys("abcde", box), links)

    is_left = placed.boxes["b"].x < placed.boxes["c"].x
    assert (placed.boxes["e"].x < placed.boxes["d"].x) == is_left
