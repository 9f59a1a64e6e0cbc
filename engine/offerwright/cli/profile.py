"""`--profile`: where the time and the memory of a command went, as a table or as a file."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from offerwright.cli.report import VERSION, dump_pretty, table, tell
from offerwright.profile import Recorder, Stage, by_document, listening

F = TypeVar("F", bound=Callable[..., Any])
LEAST = 0.01
"""The share of the wall time from which on a stage has a line of the table."""
SUFFIXES = (".json", ".folded")
NUMBERS = frozenset(range(1, 8))


def profile_option(command: F) -> F:
    """`--profile` and `--profile-out`: the command as it is, and afterwards what it cost."""

    @functools.wraps(command)
    def profiled(*args: Any, profile: bool, profile_out: Path | None, **options: Any) -> Any:
        if not profile and profile_out is None:
            return command(*args, **options)
        name = click.get_current_context().info_name or "offerwright"
        recorder = Recorder(name)
        try:
            with listening(recorder):
                return command(*args, **options)
        finally:
            # Commands end with their exit code as an exception; what was measured stands anyway.
            _shown(recorder.finish(), profile, profile_out)

    out = click.option(
        "--profile-out", type=click.Path(path_type=Path, dir_okay=False), default=None,
        metavar="FILE", callback=_usable_name,
        help="Write that to FILE.json, or as stacks for flame graphs to FILE.folded.",
    )  # fmt: skip
    asked = click.option(
        "--profile", is_flag=True, help="Say on stderr where time and memory went."
    )
    decorated: Any = asked(out(profiled))
    return cast(F, decorated)


def _usable_name(
    context: click.Context, parameter: click.Parameter, value: Path | None
) -> Path | None:
    if value is not None and value.suffix not in SUFFIXES:
        raise click.BadParameter(f"{value} ends neither in .json nor in .folded; write one of them")
    if value is not None and not value.parent.is_dir():
        # Said before the work, which may be long, and may send.
        raise click.BadParameter(f"there is no folder {value.parent}; make it first")
    return value


def _shown(whole: Stage, on_stderr: bool, out: Path | None) -> None:
    if out is not None:
        folded = out.suffix == ".folded"
        text = "\n".join(stacks(whole)) if folded else dump_pretty(profile_record(whole))
        _write(out, text, f"Profile of {whole.wall_s:.2f} s")
    if on_stderr:
        for line in profile_lines(whole):
            tell(line)


def _write(out: Path, text: str, what: str) -> None:
    """A disk that refuses changes no exit code: the command did what it did."""
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as problem:
        tell(f"{what} not written: {out}: {problem.strerror or problem}")
    else:
        tell(f"{what} written to {out}")


def profile_record(whole: Stage) -> dict[str, Any]:
    """The document of `schemas/output/profile.schema.json`."""
    return {
        "version": VERSION,
        "command": whole.name,
        "wall_s": _seconds(whole.wall_s),
        "cpu_s": _seconds(whole.cpu_s),
        "peak_bytes": whole.peak,
        "stages": [_stage_record(one) for one in _parts(whole)],
        "documents": [
            {"file": one.document, "wall_s": _seconds(one.wall_s), "cpu_s": _seconds(one.cpu_s)}
            for one in by_document(whole).values()
        ],
    }


def _stage_record(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "file": stage.document or None,
        "turns": stage.turns,
        "wall_s": _seconds(stage.wall_s),
        "cpu_s": _seconds(stage.cpu_s),
        "held_bytes": stage.held,
        "peak_bytes": stage.peak,
        "stages": [_stage_record(one) for one in stage.inner],
    }


def _seconds(value: float) -> float:
    return round(value, 6)


def stacks(whole: Stage, above: tuple[str, ...] = ()) -> Iterator[str]:
    """Collapsed stacks, as flame graph tools read them: `offers;evaluation;meli 1234`, in
    microseconds of CPU that no inner stage took."""
    # A blank divides the stack from its number, a semicolon one frame from the next.
    frame = whole.name.replace(";", ",").replace(" ", "_")
    here = (*above, frame)
    own = round(whole.own_cpu_s * 1e6)
    if own:
        yield f"{';'.join(here)} {own}"
    for inner in whole.inner:
        yield from stacks(inner, here)


def profile_lines(whole: Stage) -> list[str]:
    """Two tables: stages by the order of their first turn, then files by what they cost."""
    hidden = _count(whole) - len(list(_rows(whole, whole)))
    lines = table(
        ("stage", "turns", "wall s", "share", "CPU s", "share", "held MB", "peak MB"),
        [*_rows(whole, whole), _row(f"{whole.name}, all", whole, whole)], NUMBERS,
    )  # fmt: skip
    if hidden:
        lines.append(f"({hidden} more under {LEAST:.0%}; --profile-out has them all)")
    documents = sorted(by_document(whole).values(), key=lambda one: (-one.wall_s, one.document))
    if documents:
        rows = [_row(one.document, one, whole)[:6] for one in documents]
        lines += ["", *table(("rules of", "turns", "wall s", "share", "CPU s", "share"),
                             rows, NUMBERS)]  # fmt: skip
    return ["", *lines]


def _parts(whole: Stage) -> tuple[Stage, ...]:
    """The stages of a command, and what was done between them."""
    rest = Stage(
        "in between", "", 1, whole.own_wall_s, whole.own_cpu_s,
        whole.held - sum(one.held for one in whole.inner),
        whole.peak - sum(one.peak for one in whole.inner),
    )  # fmt: skip
    return (*whole.inner, rest)


def _rows(stage: Stage, whole: Stage, depth: int = 0) -> Iterator[tuple[str, ...]]:
    for one in _parts(stage) if depth == 0 else stage.inner:
        if one.wall_s >= LEAST * whole.wall_s:
            yield _row("  " * depth + one.name, one, whole)
            yield from _rows(one, whole, depth + 1)


def _row(name: str, stage: Stage, whole: Stage) -> tuple[str, ...]:
    return (
        name,
        str(stage.turns),
        f"{stage.wall_s:.3f}",
        _share(stage.wall_s, whole.wall_s),
        f"{stage.cpu_s:.3f}",
        _share(stage.cpu_s, whole.cpu_s),
        f"{stage.held / 1e6:+.1f}",
        f"{stage.peak / 1e6:+.1f}",
    )


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "–"


def _count(stage: Stage) -> int:
    return 1 + sum(_count(one) for one in stage.inner)
