"""`fmt`: the canonical layout of YAML files, without losing a comment or a meaning."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from offerwright.cli.options import found_root, root_option
from offerwright.cli.report import printable, put, tell
from offerwright.errors import Diagnostic, Fix, OfferwrightError
from offerwright.source.snippet import render_text

_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class _File:
    """One file, what it holds and what it should hold; `after` is None where it is refused."""

    name: str
    before: bytes
    after: bytes | None
    found: tuple[Diagnostic, ...]

    @property
    def differs(self) -> bool:
        return self.after is not None and self.after != self.before


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@root_option
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; fail if one would change."
)
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--bump", is_flag=True, help="Raise the version of what means something new.")
@click.option("--base", default=None, metavar="REF", help="With --bump: new since this commit.")
def fmt(
    paths: tuple[str, ...],
    root: Path | None,
    only_check: bool,
    show_diff: bool,
    bump: bool,
    base: str | None,
) -> None:
    """
    Lay out YAML files: two blanks per level, one blank where one belongs.

    Comments, blank lines between parts, quotes and rows that are aligned by hand stay. PATHS are
    files and folders; `-` lays out stdin; without any, the files of the repository.
    """
    if bump != (base is not None):
        raise click.UsageError("--bump and --base REF go together: new since which commit?")
    if "-" in paths:
        if len(paths) > 1 or bump:
            raise click.UsageError("`-` stands alone: it lays out stdin")
        sys.exit(_filter(only_check, show_diff))
    raised = _raised(found_root(root), base) if base is not None else {}
    files = [_read(path, raised) for path in _chosen(paths, root)]
    for file in files:
        if show_diff and file.differs:
            put(_diff(file))
        elif file.differs:
            put(printable(f"{file.name}\n"))
            if not only_check:
                _replace(Path(file.name), file.after or b"")
    refused = _report(files)
    changed = sum(file.differs for file in files)
    tell(_closing(len(files), changed, refused, only_check or show_diff))
    sys.exit(1 if refused or (only_check and changed) else 0)


def _raised(root: Path, base: str) -> dict[Path, list[Fix]]:
    """The labels to write into each file, because what it says changed under its old one."""
    from offerwright.cli.check_data import version_findings

    out: dict[Path, list[Fix]] = {}
    for found in version_findings(root, base):
        if found.fix is not None:
            out.setdefault((root / found.fix.span.file).resolve(), []).append(found.fix)
    return out


def _filter(only_check: bool, show_diff: bool) -> int:
    """Stdin to stdout, for editors; nothing on stdout where it cannot be laid out."""
    file = _laid_out("stdin", sys.stdin.buffer.read())
    if file.after is None:
        put(render_text(list(file.found), {file.name: file.before}) + "\n", sys.stderr)
        return 1
    if show_diff:
        put(_diff(file))
    elif not only_check:
        put(file.after)
    return 1 if only_check and file.differs else 0


def _chosen(paths: tuple[str, ...], root: Path | None) -> list[Path]:
    """The files to lay out, each once, by name."""
    if paths:
        chosen = [file for path in paths for file in _files(Path(path))]
    else:
        base = found_root(root)
        parts = (base / "offerwright.yaml", base / "rules", base / "marketplaces")
        chosen = [file for part in parts if part.exists() for file in _files(part)]
    return sorted({Path(os.path.relpath(file)) for file in chosen})


def _files(path: Path) -> Iterator[Path]:
    """A file that is named, or all YAML files below a folder; hidden ones do not count."""
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (
                Path(folder, name)
                for name in sorted(names)
                if name.lower().endswith(_ENDINGS) and not name.startswith(".")
            )
    elif path.is_file():
        yield path
    else:
        raise OfferwrightError(f"{path} is neither a file nor a folder")


def _read(path: Path, raised: Mapping[Path, list[Fix]]) -> _File:
    return _laid_out(path.as_posix(), path.read_bytes(), raised.get(path.resolve(), ()))


def _laid_out(name: str, content: bytes, fixes: Sequence[Fix] = ()) -> _File:
    from offerwright.cli.check_fix import fixed_text
    from offerwright.source.layout.document import lay_out

    # Only files that could be read have fixes.
    fixed = fixed_text(content.decode("utf-8"), fixes).encode("utf-8") if fixes else content
    after, found = lay_out(fixed, name)
    return _File(name, content, after, tuple(found))


def _report(files: list[_File]) -> int:
    """Say why files are left as they are; how many those are."""
    refused = [file for file in files if file.after is None]
    found = [one for file in refused for one in file.found]
    if found:
        put(render_text(found, {file.name: file.before for file in refused}) + "\n", sys.stderr)
    return len(refused)


def _diff(file: _File) -> str:
    before, after = (text.decode("utf-8", "replace") for text in (file.before, file.after or b""))
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), file.name, file.name
    )
    ended = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
             for line in lines)  # fmt: skip
    return printable("".join(ended).replace("\r\n", "\n"))


def _replace(path: Path, content: bytes) -> None:
    """Put the new content in the file's place in one step: there is never half a file."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(stream.fileno(), target.stat().st_mode & 0o7777)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _closing(count: int, changed: int, refused: int, is_dry: bool) -> str:
    verb = "would change" if is_dry else "laid out"
    parts = [f"{changed} {verb}"] if changed else []
    parts += (
        [f"{refused} left as they are" if refused > 1 else "1 left as it is"] if refused else []
    )
    return f"{count} file{'s' if count != 1 else ''}: {', '.join(parts) or 'all in order'}"
