"""FEEL text → its tree: expressions (S-FEEL, calls, `if`, `in`) and unary tests."""

from __future__ import annotations

from collections.abc import Callable

from offerwright.interchange.dmn.feel import (
    Among,
    At,
    Binary,
    Call,
    Compared,
    Constant,
    Feel,
    Holds,
    If,
    Interval,
    Negative,
    Null,
    Ref,
    Tests,
    UnaryTest,
)
from offerwright.interchange.dmn.feel_text import FeelRefused, Names, Scanner, moment
from offerwright.interchange.dmn.tree import bounded, reads_input, test_parts

MAX_DEPTH = 40
_COMPARE = ("!=", "<=", ">=", "=", "<", ">")
_FORMS = {
    "for": "a loop", "some": "a quantifier", "every": "a quantifier", "function": "a function",
}  # fmt: skip
_LITERALS = ("date", "date and time", "duration")


def parse_expression(text: str, names: Names) -> Feel:
    """The tree of an expression. Raises `FeelRefused`."""
    parser = _Parser(Scanner(text, names))
    found = parser.expression()
    if not parser.scanner.is_done:
        raise parser.scanner.unexpected()
    return bounded(found)


def parse_tests(text: str, names: Names) -> Tests:
    """The unary tests of a cell; `-` and an empty cell test nothing. Raises `FeelRefused`."""
    if text.strip() in ("", "-"):
        return Tests(())
    parser = _Parser(Scanner(text, names))
    scanner = parser.scanner
    start = scanner.position
    found: Tests | None = None
    if scanner.word("not") and scanner.sign("("):
        found = Tests(parser.tests(), is_negated=True)
        if not scanner.sign(")") or not scanner.is_done:
            # `not(?) or …` is an expression after all.
            scanner.position, found = start, None
    if found is None:
        found = Tests(parser.tests())
    if not scanner.is_done:
        raise scanner.unexpected()
    for part in (part for test in found.tests for part in test_parts(test)):
        bounded(part)
    return found


class _Parser:
    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.depth = 0

    def expression(self) -> Feel:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.scanner.refused(f"expressions are nested more than {MAX_DEPTH} deep")
        start = self.scanner.position
        found = self._if(start) if self.scanner.word("if") else self._or()
        self.depth -= 1
        return found

    def _if(self, start: int) -> Feel:
        condition = self.expression()
        self._word("then")
        yes = self.expression()
        self._word("else")
        no = self.expression()
        return If(condition, yes, no, At(start, no.at.end))

    def _word(self, word: str) -> None:
        if not self.scanner.word(word):
            raise self.scanner.refused(f"`{word}` is missing here")

    def _or(self) -> Feel:
        return self._chain(self._and, lambda: self.scanner.word("or"))

    def _and(self) -> Feel:
        return self._chain(self._comparison, lambda: self.scanner.word("and"))

    def _chain(self, part: Callable[[], Feel], operator: Callable[[], str | None]) -> Feel:
        found = part()
        while sign := operator():
            right = part()
            found = Binary(sign, found, right, At(found.at.start, right.at.end))
        return found

    def _comparison(self) -> Feel:
        left = self._sum()
        scanner = self.scanner
        if scanner.word("between"):
            low = self._sum()
            self._word("and")
            high = self._sum()
            at = At(left.at.start, high.at.end)
            return Among(left, (Interval(low, high, True, True, at),), at)
        if scanner.word("in"):
            return self._among(left)
        if scanner.peeks("instance"):
            raise scanner.refused("types are not asked for in an expression",
                                  "the type of a fact is known")  # fmt: skip
        sign = scanner.sign(*_COMPARE)
        if sign is None:
            return left
        right = self._sum()
        return Binary(sign, left, right, At(left.at.start, right.at.end))

    def _among(self, value: Feel) -> Feel:
        scanner, start = self.scanner, self.scanner.position
        tests: tuple[UnaryTest, ...] | None = None
        if scanner.sign("(") and not self._is_interval(start):
            tests = self.tests()
            if not scanner.sign(")"):
                raise scanner.unexpected()
        elif tests is None:
            scanner.position = start
            tests = self.test()
        return Among(value, tests, At(value.at.start, scanner.position))

    def _is_interval(self, start: int) -> bool:
        """Whether a bracket opens an interval; the scanner is put back behind the bracket."""
        scanner = self.scanner
        behind = scanner.position
        scanner.position = start
        found = self._interval()
        scanner.position = behind
        return found is not None

    def _sum(self) -> Feel:
        return self._chain(self._product, lambda: self.scanner.sign("+", "-"))

    def _product(self) -> Feel:
        def operator() -> str | None:
            return None if self.scanner.looking_at("**") else self.scanner.sign("*", "/")

        return self._chain(self._power, operator)

    def _power(self) -> Feel:
        return self._chain(self._unary, lambda: self.scanner.sign("**"))

    def _unary(self) -> Feel:
        start = self.scanner.position
        if self.scanner.sign("-"):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self.scanner.refused("too many signs")
            operand = self._unary()
            self.depth -= 1
            return Negative(operand, At(start, operand.at.end))
        return self._postfix()

    def _postfix(self) -> Feel:
        scanner = self.scanner
        found = self._primary()
        while True:
            if not scanner.looking_at("..") and scanner.sign("."):
                below = scanner.name()
                if below is None:
                    raise scanner.unexpected()
                if not isinstance(found, Ref):
                    raise FeelRefused(below[1], "a component is read from a name only",
                                      code="FEEL_UNSUPPORTED")  # fmt: skip
                found = Ref((*found.names, below[0]), At(found.at.start, below[1].end))
            elif scanner.looking_at("["):
                # A closing `[` of an interval such as ]1..5[ is no filter.
                if not isinstance(found, Ref | Call):
                    return found
                raise scanner.refused("a list is not filtered here", "test its elements in a rule")
            else:
                return found

    def _primary(self) -> Feel:
        scanner, start = self.scanner, self.scanner.position
        if scanner.sign("("):
            inner = self.expression()
            if not scanner.sign(")"):
                raise scanner.unexpected()
            return inner
        if scanner.sign("@"):
            text = scanner.string()
            if text is None:
                raise scanner.unexpected()
            return moment("@", text, At(start, text.at.end))
        constant = scanner.string() or scanner.number() or self._word_constant(start)
        if constant is not None:
            return constant
        for form, what in _FORMS.items():
            if scanner.peeks(form):
                raise FeelRefused(At(start, start + len(form)), f"{what} has no counterpart",
                                  "write one rule for each case", "FEEL_UNSUPPORTED")  # fmt: skip
        return self._name()

    def _word_constant(self, start: int) -> Feel | None:
        word = self.scanner.word("true", "false", "null")
        if word is None:
            return None
        at = At(start, start + len(word))
        return Null(at) if word == "null" else Constant("boolean", word == "true", at)

    def _name(self) -> Feel:
        scanner = self.scanner
        found = scanner.name()
        if found is None:
            if scanner.looking_at("[") or scanner.looking_at("{"):
                what = "a list" if scanner.looking_at("[") else "a context"
                refusal = scanner.refused(f"{what} has no counterpart in an expression")
                raise FeelRefused(refusal.at, refusal.message, code="FEEL_UNSUPPORTED")
            raise scanner.unexpected()
        name, at = found
        if not scanner.sign("("):
            return Ref((name,), at)
        return self._call(name, at)

    def _call(self, name: str, at: At) -> Feel:
        scanner = self.scanner
        arguments: list[Feel] = []
        names: list[str] = []
        while not scanner.sign(")"):
            if arguments and not scanner.sign(","):
                raise scanner.unexpected()
            before = scanner.position
            named = scanner.name()
            if named is not None and scanner.sign(":"):
                names.append(named[0])
            else:
                scanner.position = before
            arguments.append(self.expression())
        whole = At(at.start, scanner.position)
        if name in _LITERALS and len(arguments) == 1:
            only = arguments[0]
            if isinstance(only, Constant) and only.kind == "text":
                return moment(name, only, whole)
        return Call(name, tuple(arguments), tuple(names), whole)

    def tests(self) -> tuple[UnaryTest, ...]:
        """Tests with commas between them."""
        found = [*self.test()]
        while self.scanner.sign(","):
            found += self.test()
        return tuple(found)

    def test(self) -> tuple[UnaryTest, ...]:
        """One test; a list stands for its elements."""
        scanner, start = self.scanner, self.scanner.position
        interval = self._interval()
        if interval is not None:
            return (interval,)
        if scanner.sign("["):
            listed = self.tests()
            if not scanner.sign("]"):
                raise scanner.unexpected()
            return listed
        sign = scanner.sign(*_COMPARE)
        if sign is not None:
            value = self._sum()
            return (Compared(sign, value, At(start, value.at.end)),)
        value = self.expression()
        at = At(start, value.at.end)
        is_condition = isinstance(value, Among) or (
            isinstance(value, Binary) and value.operator in (*_COMPARE, "and", "or")
        )
        return (Holds(value, at) if is_condition or reads_input(value)
                else Compared("=", value, at),)  # fmt: skip

    def _interval(self) -> Interval | None:
        """An interval, or None with the scanner where it was."""
        scanner, start = self.scanner, self.scanner.position
        opening = scanner.sign("[", "(", "]")
        if opening is None:
            return None
        try:
            low = self._sum()
        except FeelRefused:
            scanner.position = start
            return None
        if not scanner.sign(".."):
            scanner.position = start
            return None
        high = self._sum()
        closing = scanner.sign("]", ")", "[")
        if closing is None:
            raise scanner.unexpected()
        return Interval(low, high, opening == "[", closing == "]", At(start, scanner.position))
