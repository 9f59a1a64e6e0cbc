"""`-o FORMAT` and `-o FORMAT=FILE`: one result, several outputs, written whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from offerwright.cli.report import put, tell
from offerwright.errors import OfferwrightError

F = TypeVar("F", bound=Callable[..., Any])
BINARY = frozenset({"parquet"})


@dataclass(frozen=True, slots=True)
class Output:
    """One output that is asked for; without a file it goes to stdout, or to `--out`."""

    form: str
    file: Path | None


class OutputType(click.ParamType[Output]):
    """`FORMAT` or `FORMAT=FILE`."""

    name = "output"

    def __init__(self, forms: Sequence[str]) -> None:
        self.forms = tuple(forms)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Output:
        if isinstance(value, Output):
            return value
        form, mark, file = str(value).partition("=")
        if form not in self.forms:
            self.fail(f"{form!r} is not one of {', '.join(self.forms)}.", param, ctx)
        if mark and not file:
            self.fail(f"{value!r} names no file; write {form}=FILE, or {form}.", param, ctx)
        return Output(form, Path(file) if mark else None)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return f"[{'|'.join(self.forms)}][=FILE]"


def outputs_option(*forms: str, required: bool = False) -> Callable[[F], F]:
    """`-o`, repeatable; the first format is the default."""

    def decorated(command: F) -> F:
        found: F = click.option(
            "-o", "--output", "outputs", type=OutputType(forms), multiple=True, required=required,
            default=None if required else (Output(forms[0], None),),
            help="How the result is written, and where; repeatable: -o text -o html=report.html.",
        )(command)  # fmt: skip
        return found

    return decorated


def links_options(command: F) -> F:
    """`--links` and `--folder`: where places can be looked at."""
    for option in (
        click.option("--folder", default="", metavar="NAME",
                     help="Where the shop lies in its Git repository, if not at the root: links, "
                     "SARIF and annotations start from there."),
        click.option("--links", default=None, metavar="URL",
                     help="The repository on the web: places become links to its lines."),
    ):  # fmt: skip
        command = option(command)
    return command


def placed(outputs: Sequence[Output], out: Path | None) -> list[Output]:
    """
    The outputs with `--out` given to the one that names no file.

    Raises `UsageError` where two would go to one place.
    """
    found = [Output(one.form, one.file or out) for one in outputs]
    without = [one.form for one in outputs if one.file is None]
    if len(without) > 1:
        where = "stdout" if out is None else str(out)
        raise click.UsageError(
            f"{' and '.join(without)} would both go to {where}; write -o {without[1]}=FILE"
        )
    if out is not None and not without:
        raise click.UsageError("every output names its file; leave --out out")
    files = [str(one.file) for one in found if one.file is not None]
    if len(set(files)) < len(files):
        raise click.UsageError("two outputs name one file; give each its own")
    return found


def write_outputs(made: Sequence[tuple[Output, bytes]]) -> None:
    """All files, then stdout. A file is there whole or as it was before; none is changed when one
    of them cannot be written."""
    with ExitStack() as stack:
        files = [(one.file, data) for one, data in made if one.file is not None]
        # A device or a pipe is written to; no file takes its place.
        there = [(file, data) for file, data in files if file.exists() and not file.is_file()]
        ready = [(stack.enter_context(_written(file, data)), file)
                 for file, data in files if (file, data) not in there]  # fmt: skip
        for file, data in there:
            file.write_bytes(data)
        for fresh, file in ready:
            fresh.replace(file)
    for one, data in made:
        if one.file is None:
            _on_stdout(one, data)
        else:
            tell(f"Wrote {one.file}")


def refuse_terminal(outputs: Sequence[Output]) -> None:
    """Raise `OfferwrightError` for what no terminal shows, before anything is computed."""
    for one in outputs:
        if one.file is None and one.form in BINARY and sys.stdout.isatty():
            raise OfferwrightError(f"{one.form} is not for the terminal; write -o {one.form}=FILE")


def _on_stdout(one: Output, data: bytes) -> None:
    put(data if one.form in BINARY else data.decode())


@contextmanager
def _written(file: Path, data: bytes) -> Iterator[Path]:
    """The data in a file beside the one that is meant."""
    fresh = file.with_name(f"{file.name}.part")
    try:
        fresh.write_bytes(data)
        yield fresh
    finally:
        fresh.unlink(missing_ok=True)
