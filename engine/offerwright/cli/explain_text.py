"""`explain` for people: the offer from facts to verdicts, alone or beside what it would be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from offerwright.cli.report import echo, table

Record = Mapping[str, Any]


def show(record: Record) -> None:
    """One explanation on stdout; with what would be otherwise where that was asked for."""
    instead = record.get("instead")
    echo(f"{record['sku']} on {record['account']} ({record['marketplace']}): {_offer(record)}"
         + (f"   ({_short(instead)})" if instead else ""))  # fmt: skip
    commit = f", rules of {_commit(record['commit'])}" if record["commit"] else ""
    echo(f"as of {record['as_of']}{commit}\n")
    facts = ", ".join(f"{k} {v}" for k, v in record["facts"].items() if v != "missing")
    echo(f"facts   {facts}\n")
    _show_decisions(record["decisions"])
    if instead:
        _show_beside(instead)
    else:
        _show_steps(record)
    _show_stock(record["stock"])
    _show_guards(record)
    _show_blocked(record)
    for one in record.get("held", ()):
        end = f" until {one['until']}" if one["until"] else ""
        held = " and ".join(one["aspects"])
        echo(f"held  {held}: hold {one['hold']} by {one['by']}{end}: {one['reason']}")
    _show_not_used(record)


def _commit(commit: str) -> str:
    """Short, with the `+` of files that differ from it."""
    return commit[:10] + ("+" if commit.endswith("+") else "")


def _offer(record: Record) -> str:
    sale = f", on sale for {record['sale_price']}" if record["sale_price"] else ""
    sale += "".join(f", {t['price']} each from {t['quantity']} on" for t in record["tiers"])
    price = f"{record['price']} {record['currency']}" if record["price"] else "no price"
    return f"{price}{sale}, stock {_shown(record['quantity'])}"


def _short(instead: Record) -> str:
    """What it would be, in the headline: `was 19.99 on main`."""
    offer = instead["offer"]
    price = offer["price"] or "no price"
    if offer["sale_price"]:
        price += f", on sale for {offer['sale_price']}"
    word = "was" if instead["vs"] and not instead["without"] and not instead["set"] else "would be"
    return f"{word} {price}, stock {_shown(offer['quantity'])} {instead['name']}"


def _show_steps(record: Record) -> None:
    rows = []
    for number, step in enumerate(record["steps"], 1):
        rows.append((
            str(number), step["phase"], _rule(step),
            _move(step["before"], step["after"]), _move(step["sale_before"], step["sale_after"]),
            " ".join(step["notes"]), _where(step),
        ))  # fmt: skip
    for line in table(("", "phase", "rule", "price", "sale", "", "where"), rows):
        echo(line)
    if record["rounded_off"] is not None:
        echo(f"\nrounded off: {record['rounded_off']}")


def _show_beside(instead: Record) -> None:
    """The steps of both side by side, `>` where they give another price; then what differs."""
    headings = ("", "phase", "rule", "now", "rule", instead["name"], "where")
    for line in table(headings, _beside(instead["steps"])):
        echo(line)
    echo()
    differs = [
        (one["field"], _value(one["before"]), _value(one["after"])) for one in instead["differs"]
    ]
    if not differs:
        echo(f"nothing differs {instead['name']}")
        return
    for line in table(("what differs", "now", instead["name"]), differs):
        echo(line)


def _beside(pairs: list[Record]) -> Iterator[tuple[str, ...]]:
    for pair in pairs:
        now, other = pair["now"], pair["instead"]
        some = now or other
        yield (
            "" if not pair["differs"] else ">",
            some["phase"],
            _rule(now) if now else "",
            _prices(now),
            _rule(other) if other else "",
            _prices(other),
            _where(some),
        )


def _prices(step: Record | None) -> str:
    """What a step leaves: the price, and the sale where there is one."""
    if step is None:
        return "–"
    sale = f" / {step['sale_after']}" if step["sale_after"] else ""
    return f"{step['after'] or '–'}{sale}"


def _rule(step: Record) -> str:
    return " ".join(step["rules"]) or str(step["step"])


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value) or "–"
    if isinstance(value, Mapping):
        return f"{value['price']} from {value['quantity']}"
    return str(value)


def _show_decisions(decisions: list[dict[str, Any]]) -> None:
    """What was decided, and by which rows of which table."""
    for one in decisions:
        results = ", ".join(f"{name} {value}" for name, value in one["results"].items())
        rules = f"{one['decision']}/{' '.join(one['rules'])}" if one["rules"] else (
            f"{one['decision']} (no row matched)"
        )  # fmt: skip
        echo(f"decided {results}  {rules}  {_where(one)}")
    if decisions:
        echo()


def _show_stock(stock: Record | None) -> None:
    """How the quantity came about: what changed it, from the pool on."""
    if stock is None or stock["pool"] is None:
        return
    rows = [("pool", str(stock["pool"]), _where(stock))]
    rows += [(s["step"], f"{s['before']} -> {s['after']}", "") for s in stock["steps"]]
    echo()
    for line in table(("stock", "units", "where"), rows):
        echo(line)


def _show_guards(record: Record) -> None:
    rows = [(g["guard"], g["verdict"], " ".join(g["notes"]), _where(g)) for g in record["guards"]]
    echo()
    for line in table(("guard", "verdict", "", "where"), rows):
        echo(line)


def _show_blocked(record: Record) -> None:
    if record["blocked"]:
        echo()
    for block in record["blocked"]:
        echo(f"blocked  {block['aspect']}: {block['code']}  {_cause(block)}  {_where(block)}")


def _show_not_used(record: Record) -> None:
    if record["not_used"]:
        echo("\nnot used (nearest)")
        near = [(n["rule"], "; ".join(n["because"]), _where(n)) for n in record["not_used"]]
        for line in table(("rule", "because", "where"), near):
            echo("  " + line)


def _cause(block: Record) -> str:
    """The rule, the row or rows of its table, and the cell that could not be computed."""
    rows = f", row {' and '.join(block['rows'])}" if block["rows"] else ""
    cell = f", cell {block['cell']}" if block["cell"] else ""
    return f"{block['rule']}{rows}{cell}"


def _where(said: Record) -> str:
    """`file:line`; of what stands in no file, such as the rounding that nobody wrote, nothing."""
    return "" if said["file"] is None else f"{said['file']}:{said['line']}"


def _shown(value: object) -> str:
    return "unknown" if value is None else str(value)


def _move(before: str | None, after: str | None) -> str:
    if before == after:
        return after or ""
    return f"{before or '–'} -> {after or '–'}"
