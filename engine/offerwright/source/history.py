"""
A commit of the Git repository → the configuration as it was.

Only `rev-parse`, `merge-base`, `ls-tree` and `cat-file` are run: no hook, no filter, no network,
and nothing in the working tree is touched.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from offerwright.errors import OfferwrightError
from offerwright.source.document import Document
from offerwright.source.load import load_documents
from offerwright.source.located import Loaded
from offerwright.source.repository import MARKETPLACES, RULES, SHOP_FILE, Repository
from offerwright.source.text import MAX_CSV_BYTES

_ENDINGS = (".yaml", ".yml", ".csv")
_REGULAR = ("100644", "100755")
_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never")
_TIMEOUT_S = 60
HEAD = "HEAD"
_FETCH = "Fetch all of it first: git fetch --unshallow, or fetch-depth: 0 in a workflow"


@dataclass(frozen=True, slots=True)
class CommitRange:
    """Two states of a repository to compare; `head` is None for the working tree."""

    base: str
    head: str | None


def commit_range(root: Path, written: str) -> CommitRange:
    """
    The commits that a range means, as Git reads it.

    `A..B` is A itself and B, `A...B` where B left A and B; nothing on a side is `HEAD`. `A` alone
    is where the working tree's branch left A, and the working tree.

    Raises:
        OfferwrightError: no Git repository, no such commit in this clone, or for `A...B` two
            commits without a common one.
    """
    dots = "..." if "..." in written else ".."
    left, found, right = written.partition(dots)
    if not found:
        return CommitRange(base_commit(root, written), None)
    base, head = (_commit(root, ref or HEAD) for ref in (left, right))
    if dots == "...":
        base = _branched(root, base, head, written)
    return CommitRange(base, head)


def _branched(root: Path, base: str, head: str, written: str) -> str:
    left = _git(root, "merge-base", base, head)
    if left:
        return left.decode().split("\n")[0]
    if _is_shallow(root):
        raise OfferwrightError(f"this clone does not reach back to where {written} parts: {_FETCH}")
    raise OfferwrightError(
        f"{written.replace('...', ' and ')} have no commit in common; "
        f"write {written.replace('...', '..')} to compare them as they are"
    )


def base_commit(root: Path, ref: str) -> str:
    """
    The commit to compare a working tree with: where its branch left `ref`, else `ref` itself.

    Raises:
        OfferwrightError: no Git, no Git repository, or no such commit in this clone.
    """
    commit = _commit(root, ref)
    left = _git(root, "merge-base", commit, HEAD)
    return left.decode().split("\n")[0] if left else commit


def _commit(root: Path, ref: str) -> str:
    _refuse_strange(ref)
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if found is None:
        raise OfferwrightError(_unknown(root, ref))
    return found.decode().strip()


def documents_at(
    root: Path, commit: str, kinds: Mapping[str, type[Document]]
) -> tuple[Loaded[Document], ...]:
    """
    The documents under `rules/` as a commit has them; those with mistakes are left out.

    Args:
        root: the folder with `offerwright.yaml`, which may lie deep in the Git repository.
        commit: what `base_commit` gave.
        kinds: the model of every `kind`.
    """
    return load_documents(repository_at(root, commit), kinds)[0]


def repository_at(root: Path, commit: str, *, whole: bool = False) -> Repository:
    """
    `offerwright.yaml` and the files under `rules/` of a commit; `whole`: `marketplaces/` too.

    Links are left out. A commit without such files gives a repository without files.
    """
    prefix = (_git(root, "rev-parse", "--show-prefix") or b"").decode().rstrip("\n")
    more = [f"{prefix}{MARKETPLACES}/"] if whole else []
    listed = _git(
        root, "ls-tree", "-r", "-z", "-l", "--full-tree", commit,
        "--", f"{prefix}{SHOP_FILE}", f"{prefix}{RULES}/", *more,
    )  # fmt: skip
    blobs = dict(_blobs(listed or b"", prefix))
    bodies = _bodies(root, blobs.values())
    return Repository(root, {file: bodies[blob] for file, blob in blobs.items() if blob in bodies})


def _blobs(listed: bytes, prefix: str) -> Iterator[tuple[str, str]]:
    """The name in the repository and the object of every regular file that counts."""
    for entry in listed.split(b"\0"):
        head, _, path = entry.partition(b"\t")
        fields = head.decode().split()
        try:
            file = path.decode().removeprefix(prefix)
        except UnicodeDecodeError:
            continue
        counts = file.lower().endswith(_ENDINGS) or file.startswith(f"{MARKETPLACES}/")
        is_hidden = any(part.startswith(".") for part in file.split("/"))
        is_regular = len(fields) == 4 and fields[0] in _REGULAR
        if is_regular and counts and not is_hidden and int(fields[3]) <= MAX_CSV_BYTES:
            yield file, fields[2]


def _bodies(root: Path, blobs: Iterable[str]) -> dict[str, bytes]:
    """The bytes of objects, as they are stored."""
    wanted = sorted(set(blobs))
    if not wanted:
        return {}
    output = _git(root, "cat-file", "--batch", given="".join(f"{b}\n" for b in wanted)) or b""
    found: dict[str, bytes] = {}
    at = 0
    while at < len(output):
        line = output.index(b"\n", at)
        fields = output[at:line].decode().split()
        at = line + 1
        if len(fields) == 3:  # else `… missing`, which a partial clone says
            size = int(fields[2])
            found[fields[0]] = output[at : at + size]
            at += size + 1
    return found


def _refuse_strange(ref: str) -> None:
    if not ref or ref.startswith("-") or not ref.isprintable() or " " in ref:
        raise OfferwrightError(f"{ref!r} is no name of a commit; write origin/main, or a tag")


def _unknown(root: Path, ref: str) -> str:
    if _is_shallow(root):
        return f"this clone has no commit {ref}: it holds the newest history only. {_FETCH}"
    remote, _, branch = ref.partition("/")
    how = f": git fetch {remote} {branch}" if branch else ""
    return f"this clone has no commit {ref}; fetch it first, or correct the name{how}"


def _is_shallow(root: Path) -> bool:
    return (_git(root, "rev-parse", "--is-shallow-repository") or b"").strip() == b"true"


def _git(root: Path, *arguments: str, given: str = "") -> bytes | None:
    """What Git prints; None if it fails. Raises OfferwrightError where Git cannot help at all."""
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    environment = {
        **os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C",
    }  # fmt: skip
    try:
        done = subprocess.run(
            ["git", *settings, "-C", str(root), *arguments], input=given.encode(),
            capture_output=True, env=environment, timeout=_TIMEOUT_S, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise OfferwrightError("git is not installed, and --base asks it for a commit") from None
    except subprocess.TimeoutExpired:
        raise OfferwrightError(f"git took longer than {_TIMEOUT_S} seconds") from None
    said = done.stderr.decode("utf-8", "replace")
    if "not a git repository" in said:
        raise OfferwrightError(f"{root} lies in no Git repository, so nothing can be compared")
    if "dubious ownership" in said:
        raise OfferwrightError(
            f"git does not trust {root}: it belongs to somebody else. "
            "See `git config safe.directory`"
        )
    return done.stdout if done.returncode == 0 else None
