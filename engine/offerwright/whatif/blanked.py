"""
A file without one of its parts, every other character on its own line as before.

What is left out leaves empty lines, so that the places in messages and traces are those of the file
that the reader has.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from offerwright.errors import OfferwrightError
from offerwright.source.located import CsvTable, Located, Path
from offerwright.source.text import LINE_BREAK
from offerwright.source.yaml import read_yaml

_NO_BREAK = re.compile(r"[^\r\n]")


def without_node(content: bytes, located: Located, path: Path) -> bytes:
    """
    The YAML file without an item of a list or a key of a map, which is not the only one there.

    An only row of `rules` leaves an empty list. Raises `OfferwrightError` where the text is laid
    out so that it cannot be cut, with an anchor say.
    """
    text = content.decode("utf-8").removeprefix("\ufeff")
    made = _cut(text, located, path).encode()
    wanted = copy.deepcopy(located.data)
    del _at(wanted, path[:-1])[path[-1]]
    return _verified(made, located, path, wanted)


def emptied(content: bytes, located: Located, path: Path) -> bytes:
    """The YAML file with nothing in the list or map at this path. Raises as `without_node`."""
    text = content.decode("utf-8").removeprefix("\ufeff")
    wanted = copy.deepcopy(located.data)
    value = _at(wanted, path)
    span, empty = located.values[path], "{}" if isinstance(value, dict) else "[]"
    start = _offset(text, span.line, span.column)
    end = start + len(text[start : _offset(text, span.end_line, span.end_column)].rstrip())
    made = f"{text[:start]}{empty}{_NO_BREAK.sub('', text[start:end])}{text[end:]}".encode()
    value.clear()
    return _verified(made, located, path, wanted)


def _verified(made: bytes, located: Located, path: Path, wanted: Any) -> bytes:
    reread, _ = read_yaml(made, located.file)
    if reread is None or reread.data != wanted:
        place = located.at(path)
        raise OfferwrightError(
            f"{place.file}:{place.line} cannot be left out as it is written; "
            "`offerwright fmt` lays it out, or write it without an anchor"
        )
    return made


def _offset(text: str, line: int, column: int) -> int:
    """The index of a place in a text; both count from 1."""
    starts = [0, *(found.end() for found in LINE_BREAK.finditer(text))]
    return starts[line - 1] + column - 1


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _cut(text: str, located: Located, path: Path) -> str:
    value, parent = located.values[path], located.values[path[:-1]]
    key = located.keys.get(path)
    first = _offset(text, key.line, key.column) if key else _offset(text, value.line, value.column)
    end = _offset(text, value.end_line, value.end_column)
    size = len(_at(located.data, path[:-1]))
    if text[_offset(text, parent.line, parent.column)] in "[{":
        return _out_of_flow(text, first, end, size)
    start = first if key else text.rindex("-", 0, first)
    end = start + len(text[start:end].rstrip())
    gone = _NO_BREAK.sub("", text[start:end])
    # The only item of a list in lines: what is left has to say that it is a list.
    return text[:start] + ("[]" if size == 1 and not key else "") + gone + text[end:]


def _out_of_flow(text: str, start: int, end: int, size: int) -> str:
    """Of `[a, b]` or `{a: 1, b: 2}`: the comma before it goes too, or the one after the first."""
    before = re.search(r",\s*$", text[:start])
    after = re.match(r"\s*,", text[end:])
    if size > 1 and before:
        start = before.start()
    elif size > 1 and after:
        end += after.end()
    return text[:start] + _NO_BREAK.sub(" ", text[start:end]) + text[end:]


def without_row(content: bytes, table: CsvTable, row: int) -> bytes:
    """The CSV file without one row, which leaves its lines empty."""
    text = content.decode("utf-8").removeprefix("\ufeff")
    starts = [0, *(found.end() for found in LINE_BREAK.finditer(text)), len(text)]
    start = starts[table.lines[row] - 1]
    end = starts[table.lines[row + 1] - 1] if row + 1 < len(table.lines) else len(text)
    return (text[:start] + _NO_BREAK.sub("", text[start:end]) + text[end:]).encode()
