"""The commits that touched the configuration, the newest first, as the main line has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from offerwright.source.history import git
from offerwright.source.repository import MARKETPLACES, RULES, SHOP_FILE

_FORM = "%x1e%H%x1f%an%x1f%ae%x1f%aI%x1f%s"


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """One commit, and the files of the configuration that it touches, as `root` names them."""

    id: str
    author: str
    email: str
    date: str
    """ISO 8601, with the zone of the author."""
    subject: str
    files: tuple[str, ...]


def rule_commits(root: Path, start: str, most: int) -> tuple[LoggedCommit, ...]:
    """
    The commits up to `start` that touched rules, tables or marketplaces, following first parents.

    A merge counts as one commit with all that it brings. Tests of rules are not rules.
    """
    found = git(
        root, "log", "--first-parent", "-m", "--relative", "--name-only", "--no-renames",
        f"--max-count={most}", f"--format={_FORM}", "--end-of-options", start, "--",
        SHOP_FILE, RULES, MARKETPLACES, ":(exclude,glob)**/*.test.yaml",
    )  # fmt: skip
    records = (found or b"").decode("utf-8", "replace").split("\x1e")
    return tuple(_commit(one) for one in records if one.strip())


def writer(root: Path, merge: str, file: str, line: int) -> LoggedCommit | None:
    """
    The commit that wrote a line, of those that a merge brought to the main line.

    None where the line was there before the merge, or the commit is no merge.
    """
    said = git(root, "blame", "--porcelain", f"-L{line},{line}", merge, "--", file)
    id_ = (said or b"").split(b" ", 1)[0].decode()
    if (
        id_ in ("", merge)
        or git(root, "merge-base", "--is-ancestor", id_, f"{merge}^1") is not None
    ):
        return None
    found = git(root, "log", "-1", "-m", "--relative", "--name-only", f"--format={_FORM}", id_)
    _, _, record = (found or b"").decode("utf-8", "replace").partition("\x1e")
    return _commit(record) if record else None


def _commit(record: str) -> LoggedCommit:
    head, _, files = record.partition("\n")
    id_, author, email, date, subject = head.split("\x1f", 4)
    return LoggedCommit(id_, author, email, date, subject, tuple(files.split("\n")[1:-1]))
