"""
What the reference page says of functions, operators, cells and hit policies, with an example each.

The examples speak of one product (`FACTS`), at `AS_OF`. The tests compute every one of them, for
this product and for one of which nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = "2026-11-30T22:30:00-03:00"
ZONE = "America/Sao_Paulo"
CURRENCY = "BRL"


@dataclass(frozen=True, slots=True)
class ExampleFact:
    """One fact of the example's product; `value` is written as in a CSV file, empty = missing."""

    name: str
    type: str
    value: str
    more: str = ""


FACTS: tuple[ExampleFact, ...] = (
    ExampleFact("brand", "text", "Acme"),
    ExampleFact("name", "text", "Phone X"),
    ExampleFact("category", "path", "electronics/phones"),
    ExampleFact("tier", "enum", "gold", "of: [gold, silver, none]"),
    ExampleFact("fragile", "boolean", "true"),
    ExampleFact("cost", "money", "51.50"),
    ExampleFact("list_price", "money", "79.90"),
    ExampleFact("map_price", "money", ""),
    ExampleFact("cost_usd", "money", "10.00", "currency: USD"),
    ExampleFact("off", "percent", "12%"),
    ExampleFact("sold", "integer", "7"),
    ExampleFact("pack", "integer", "3", "minimum: 1"),
    ExampleFact("score", "number", "-2.5"),
    ExampleFact("mass", "weight", "0.35"),
    ExampleFact("since", "date", "2026-11-20"),
    ExampleFact("seen_at", "datetime", "2026-11-30T20:00:00-03:00"),
    ExampleFact("tags", "list of text", "new|sale"),
)
LISTS = """\
kind: lists
name: rates
type: percent
map: {gold: 3%, silver: 12.5%}
""", """\
kind: lists
name: grades
values: [gold, silver]
""", """\
kind: lists
name: exchange
rates:
  - {from: USD, to: BRL, rate: 5.40, valid: {from: 2026-11-01, before: 2027-01-01}}
"""  # fmt: skip

ANY_MISSING = "Missing when one of its values is."


@dataclass(frozen=True, slots=True)
class Note:
    """What a function's row in `FUNCTIONS` does not say: its form and types, missing values, and
    what its example gives for the product and for one of which nothing is known."""

    form: str
    takes: str
    gives: str
    unknown: str = "missing"
    missing: str = ANY_MISSING


_ORDERED = "2 to 9 numbers, money, dates, times or durations of one type; gives that type"
_NUMERIC = "a number, money, a percent, a weight or a length; gives the same type"
_TIME = "a date or a time; gives a whole number"
_WORDS = "a text, an enum or a path; gives a text"
_TAX = "money or a number, and a percent; gives the first type"
FUNCTION_NOTES: dict[str, Note] = {
    "abs": Note("abs(a)", _NUMERIC, "2.5"),
    "ceiling": Note("ceiling(a)", _NUMERIC, "52"),
    "coalesce": Note("coalesce(a, b, …)", "2 to 9 values of one type; gives that type", "51.5",
                     missing="Missing when all of its values are."),
    "concat": Note("concat(t, u, …)", "2 to 9 texts, enums or paths; gives a text",
                   "Acme Phone X", missing=""),
    "convert": Note("convert(amount, currency)", "money of a currency, and a currency as text or "
                    "the word `currency`; gives money of that currency", "54",
                    missing="Missing when the amount is. Where no rate counts at the moment, the "
                    "block `NO_RATE`."),
    "date": Note('date("2026-12-01"), date(d)', "a literal, or a date or a time; gives a date",
                 "2026-11-30", "2026-11-30"),
    "day": Note("day(d)", _TIME, "30", "30"),
    "days": Note("days(d)", "a duration; gives a whole number, rounded down", "10"),
    "divide": Note("divide(a, b, otherwise)", "what `a / b` takes, and a third of the type of the "
                   "quotient; gives that type", "17.16666667"),
    "floor": Note("floor(a)", _NUMERIC, "51"),
    "hours": Note("hours(d)", "a duration; gives a whole number, rounded down", "262"),
    "length": Note("length(t)", "a text, an enum or a path; gives a whole number", "7"),
    "lookup": Note("lookup(list, key)", "the name of a `kind: lists` document with a `map`, in "
                   "double quotes, and a text; gives the type of the map's values", "3%",
                   missing="Missing when the key is, or is not in the list."),
    "lower": Note("lower(t)", _WORDS, "acme"),
    "max": Note("max(a, b, …)", _ORDERED, "51.5", missing=""),
    "min": Note("min(a, b, …)", _ORDERED, "10", missing=""),
    "month": Note("month(d)", _TIME, "11", "11"),
    "rate": Note("rate(from, to)", "two currencies, each as text or the word `currency`; gives a "
                 "number", "5.4", "5.4",
                 "Never missing; where no rate counts at the moment, the block `NO_RATE`."),
    "round": Note("round(a, digits)", "a number, money, a percent, a weight or a length, and the "
                  "decimals, 0 to 8, as a literal; gives the first type", "51.5"),
    "upper": Note("upper(t)", _WORDS, "ACME"),
    "weekday": Note("weekday(d)", _TIME, "1", "1"),
    "with_tax": Note("with_tax(a, tax)", _TAX, "60.77"),
    "without_tax": Note("without_tax(a, tax)", f"{_TAX}; the percent is proved above −100 %",
                        "67.71186441"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator or literal: how it is written, what it takes, an example and its results."""

    form: str
    takes: str
    meaning: str
    example: str
    gives: str
    unknown: str = "missing"
    missing: str = ANY_MISSING


_AND_OR = "Three-valued: unknown unless the other side decides."
# Loosest first, as they bind.
OPERATORS: tuple[Operator, ...] = (
    Operator("if c then a else b", "a condition; two values of one type", "`a` where `c` is true",
             "if tier = \"gold\" then 1 else 2", "1", missing="Missing when the condition is."),
    Operator("c or d", "conditions", "one of them is true",
             "fragile or cost > 100", "true", missing=_AND_OR),
    Operator("c and d", "conditions", "both are true",
             "fragile and cost > 100", "false", missing=_AND_OR),
    Operator("not c", "a condition", "true where it is false", "not fragile", "false"),
    Operator("a = b", "two values of one type; bare numbers next to money are money", "equal",
             'brand = "Acme"', "true"),
    Operator("a != b", "as `=`", "not equal", "sold != 7", "false"),
    Operator("a < b", "numbers, money, percents, weights, lengths, dates, times, durations",
             "below", "cost < 51.50", "false"),
    Operator("a <= b", "as `<`", "at most", "cost <= 51.50", "true"),
    Operator("a > b", "as `<`", "above", "seen_at > as_of - 3 hours", "true"),
    Operator("a >= b", "as `<`", "at least", 'since >= date("2026-11-21")', "false"),
    Operator("x in [a, b]", "as `=`", "equal to one of them", 'tier in ["gold", "none"]', "true"),
    Operator("x between a and b", "as `<`", "from `a` to `b`, both included",
             "sold between 7 and 9", "true"),
    Operator("x is present", "any value", "there is one", "map_price is present", "false", "false",
             "Never missing."),
    Operator("x is missing", "any value", "there is none", "map_price is missing", "true", "true",
             "Never missing."),
    Operator("a + b", "numbers, money, …; a date and a duration", "the sum, exactly",
             "cost + 4.00", "55.5"),
    Operator("a - b", "as `+`; two dates or times give a duration", "the difference, exactly",
             "days(today - since)", "10"),
    Operator("a * b", "numbers and percents; one of them may be money, a weight, a length or a "
             "duration", "the product, rounded to 8 decimals half away from zero",
             "cost * (1 + 12%)", "57.68"),
    Operator("a / b", "a divisor that cannot be zero: a literal, a fact with a `minimum` above 0, "
             "or one tested in an `if`",
             "the quotient, rounded to 8 decimals half away from zero; money by money is a number",
             "cost / pack", "17.16666667"),
    Operator("-a", "numbers, money, durations, …", "the other sign", "-score * 2", "5"),
    Operator("12%", "at most 6 decimals", "a percent: 0.12 as a number", "cost * 12%", "6.18"),
    Operator("4.00", "at most 8 decimals and 38 digits", "a number, or what its place needs",
             "4.00", "4", "4", "Never missing."),
    Operator('"text"', "double quotes", "a text", '"text"', "text", "text", "Never missing."),
    Operator("true, false", "", "a condition", "true", "true", "true", "Never missing."),
    Operator("20 minutes, 6 hours, 3 days", "", "a duration", "hours(3 days)", "72", "72",
             "Never missing."),
    Operator('date("…"), datetime("…")', "ISO 8601; a time needs its offset", "a date, a time",
             'date("2026-12-01")', "2026-12-01", "2026-12-01", "Never missing."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One form of a `when` cell: the types that have it, and values of a fact that it is true and
    false for, written as in a CSV file."""

    form: str
    takes: str
    meaning: str
    fact: str
    cell: str
    holds: tuple[str, ...]
    fails: tuple[str, ...]
    missing: str = "Unknown where the value is missing, and so is its `not`."


CELLS: tuple[Cell, ...] = (
    Cell("gold", "all but lists and maps", "equal; of a path, exactly that path",
         "tier", "gold", ("gold",), ("silver",)),
    Cell("[gold, silver]", "all", "one of the cells is true",
         "tier", "[gold, silver]", ("gold", "silver"), ("none",)),
    Cell("a..b", "numbers, money, percents, weights, lengths, dates, times, durations",
         "from `a`, before `b`", "cost", "0..500", ("0", "499.99"), ("-0.01", "500")),
    Cell('"[a..b]"', "as `a..b`", "`[` and `]` include the end, `(` and `)` do not",
         "cost", '"(0..500]"', ("0.01", "500"), ("0", "500.01")),
    Cell('"< a"', "as `a..b`", "below", "sold", '"< 5"', ("4",), ("5",)),
    Cell('"<= a"', "as `a..b`", "at most", "sold", '"<= 5"', ("5",), ("6",)),
    Cell('"> a"', "as `a..b`", "above", "off", '"> 10%"', ("10.1%",), ("10%",)),
    Cell('">= a"', "as `a..b`", "at least", "since", '">= 2026-11-20"', ("2026-11-20",),
         ("2026-11-19",)),
    Cell("{not: …}", "all", "the cell inside is false", "tier", "{not: gold}", ("silver",),
         ("gold",)),
    Cell("{under: a/b}", "path", "the path, or one below it", "category",
         "{under: electronics/phones}", ("electronics/phones", "electronics/phones/android"),
         ("electronics", "electronics/phonesx")),
    Cell("{starts_with: x}", "text", "begins with these characters", "brand", "{starts_with: Ac}",
         ("Acme",), ("acme", "A")),
    Cell("{matches: x}", "text", "the whole text fits the pattern (RE2)", "name",
         "{matches: 'Phone [A-Z]'}", ("Phone X",), ("Phone XY", "My Phone X")),
    Cell("{in: list}", "text, enum, path", "stands in the `kind: lists` document", "tier",
         "{in: grades}", ("gold",), ("none",)),
    Cell("{has: …}", "lists", "the cell is true of one of its elements", "tags", "{has: sale}",
         ("new|sale", "sale"), ("new",)),
    Cell("present", "all", "there is a value; an empty list is one", "cost", "present", ("0",),
         ("",), "Never unknown."),
    Cell("missing", "all", "there is no value; of a map, for no key", "cost", "missing", ("",),
         ("0",), "Never unknown."),
    Cell("{is: x}", "text, enum, path", "the text itself, where it would mean something else",
         "brand", "{is: missing}", ("missing",), ("Acme",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HitPolicy:
    """One hit policy: which rows count, what else can happen, and what the example table gives for
    a cost and a tier: a percent, a number, or the code of the block."""

    written: str
    meaning: str
    several: str
    otherwise: str
    gives: tuple[tuple[str, str, str], ...]


# The table of all hit policies; the third and the fourth row say the same.
HIT_ROWS: tuple[str, ...] = (
    "{id: cheap, when: {cost: 0..100}, then: {off: 10%}}",
    "{id: gold, when: {tier: gold}, then: {off: 15%}}",
    "{id: dear, when: {cost: \">= 500\"}, then: {off: 5%}}",
    "{id: large, when: {cost: \">= 900\"}, then: {off: 5%}}",
)  # fmt: skip
HIT_POLICIES: tuple[HitPolicy, ...] = (
    HitPolicy("hit: unique", "at most one row may match; the default",
              "two rows that can both match are an error of `check`; where none is found before, "
              "the block `TABLE_OVERLAP`", "optional",
              (("50", "silver", "10%"), ("200", "gold", "15%"), ("50", "gold", "TABLE_OVERLAP"),
               ("200", "silver", "NO_RULE_MATCHES"))),
    HitPolicy("hit: first", "the first row that matches",
              "the order decides; a row that can never win is an error of `check`", "needed",
              (("50", "gold", "10%"), ("200", "gold", "15%"), ("600", "silver", "5%"),
               ("200", "silver", "0%"))),
    HitPolicy("hit: any", "every row that matches; they must say the same",
              "rows that differ are an error of `check` where that can be proved, else the block "
              "`TABLE_CONFLICT`", "optional",
              (("900", "silver", "5%"), ("50", "gold", "TABLE_CONFLICT"),
               ("200", "silver", "NO_RULE_MATCHES"))),
    HitPolicy("hit: collect, take: sum", "the sum over all rows that match", "all count",
              "optional", (("50", "gold", "25%"), ("50", "silver", "10%"),
                           ("200", "silver", "NO_RULE_MATCHES"))),
    HitPolicy("hit: collect, take: min", "the least of all rows that match", "all count",
              "optional", (("600", "gold", "5%"),)),
    HitPolicy("hit: collect, take: max", "the greatest of all rows that match", "all count",
              "optional", (("600", "gold", "15%"),)),
    HitPolicy("hit: collect, take: count", "how many rows match", "all count", "optional",
              (("900", "gold", "3"), ("50", "silver", "1"))),
    HitPolicy("hit: collect, take: list", "the list of all rows that match, in written order; in "
              "decisions only", "all count", "optional",
              (("900", "gold", "15%, 5%, 5%"), ("50", "gold", "10%, 15%"))),
)  # fmt: skip
