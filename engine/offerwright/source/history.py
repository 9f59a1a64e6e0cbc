"""
A commit of the Git repository → the configuration as it was.

Only `rev-parse`, `merge-base`, `ls-tree`, `cat-file` and `status` are run: no hook, no network, no
filter but those that the clone's own settings give `status`, and nothing in the working tree is
touched.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from offerwright.errors import Diagnostic, OfferwrightError
from offerwright.source.commit_files import Tree, chosen, tree_of
from offerwright.source.document import Document
from offerwright.source.load import load_documents
from offerwright.source.located import Loaded
from offerwright.source.repository import MARKETPLACES, RULES, SHOP_FILE, Repository

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
    base, head = (commit_of(root, ref or HEAD) for ref in (left, right))
    if dots == "...":
        base = _branched(root, base, head, written)
    return CommitRange(base, head)


def _branched(root: Path, base: str, head: str, written: str) -> str:
    left = git(root, "merge-base", base, head)
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
    commit = commit_of(root, ref)
    left = git(root, "merge-base", commit, HEAD)
    return left.decode().split("\n")[0] if left else commit


def commit_of(root: Path, ref: str) -> str:
    """The id of a commit. Raises `OfferwrightError` where this clone has none of this name."""
    _refuse_strange(ref)
    found = git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
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
    """`files_at`, without what was left out."""
    return files_at(root, commit, whole=whole)[0]


def files_at(
    root: Path, commit: str, *, whole: bool = False
) -> tuple[Repository, list[Diagnostic]]:
    """
    `offerwright.yaml` and the files under `rules/` of a commit; `whole`: `marketplaces/` too.

    Links inside of the repository are followed. A commit without such files gives a repository
    without files.

    Returns:
        The repository, and what was left out and why: links that leave it, files that are too
        large.

    Raises:
        OfferwrightError: a submodule stands there, or this clone lacks the contents of a file.
    """
    blobs, problems = _chosen(root, commit, whole)
    found = bodies(root, blobs.values())
    if any(blob not in found for blob in blobs.values()):
        raise _partial(commit)
    return Repository(root, {file: found[blob] for file, blob in blobs.items()}), problems


def blobs_at(root: Path, commit: str, *, whole: bool = False) -> dict[str, str]:
    """The object of every file that `repository_at` gives, by its name in the repository."""
    return _chosen(root, commit, whole)[0]


def linked_files(root: Path, commit: str) -> set[str]:
    """Where the files really are that the configuration of a commit has by links."""
    tree, places = _configured(root, commit, whole=True)
    if not tree.links:
        return set()
    real = {(file, tree.real(file)) for file in chosen(tree, places)[0]}
    return {where for file, where in real if where is not None and where != file}


def _chosen(root: Path, commit: str, whole: bool) -> tuple[dict[str, str], list[Diagnostic]]:
    return chosen(*_configured(root, commit, whole))


def _configured(root: Path, commit: str, whole: bool) -> tuple[Tree, dict[str, bool]]:
    """The tree of a commit with where its links lead, and the places in it that count."""
    prefix = (git(root, "rev-parse", "--show-prefix") or b"").decode().rstrip("\n")
    places = {SHOP_FILE: False, RULES: True, **({MARKETPLACES: True} if whole else {})}
    tree = _tree(root, commit, prefix, places)
    if any(entry.kind == "link" for entry in tree.entries.values()):
        # A link may lead to any place in the repository.
        tree = _tree(root, commit, prefix, [""])
        blobs = {file: one.blob for file, one in tree.entries.items() if one.kind == "link"}
        found = bodies(root, blobs.values())
        links = {file: found.get(blob, b"/").decode("utf-8", "backslashreplace")
                 for file, blob in blobs.items()}  # fmt: skip
        tree = Tree(tree.entries, links)
    return tree, places


def _tree(root: Path, commit: str, prefix: str, places: Iterable[str]) -> Tree:
    paths = [path for place in places if (path := f"{prefix}{place}")]
    listed = git(root, "--literal-pathspecs", "ls-tree", "-r", "-z", "-l", "--full-tree", commit,
                 "--", *paths)  # fmt: skip
    if listed is None:
        raise _partial(commit)
    return tree_of(listed, prefix)


def uncommitted(root: Path) -> list[str]:
    """The files of the configuration that are not as `HEAD` has them, by name."""
    said = git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--",
               SHOP_FILE, RULES, MARKETPLACES)  # fmt: skip
    prefix = (git(root, "rev-parse", "--show-prefix") or b"").decode().rstrip("\n")
    names = (entry[3:].decode("utf-8", "backslashreplace") for entry in (said or b"").split(b"\0"))
    return sorted(name.removeprefix(prefix) for name in names if name)


def _partial(commit: str) -> OfferwrightError:
    return OfferwrightError(
        f"this clone does not have all files of {commit[:12]}: it is a partial one. "
        "Fetch them first: git fetch --refetch --no-filter, or a checkout without a filter"
    )


def bodies(root: Path, blobs: Iterable[str]) -> dict[str, bytes]:
    """The bytes of objects as they are stored, without those that this clone has not."""
    wanted = sorted(set(blobs))
    if not wanted:
        return {}
    output = git(root, "cat-file", "--batch", given="".join(f"{b}\n" for b in wanted)) or b""
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
    how = f": git fetch {remote} {branch}" if remote and branch else ""
    return f"this clone has no commit {ref}; fetch it first, or correct the name{how}"


def _is_shallow(root: Path) -> bool:
    return (git(root, "rev-parse", "--is-shallow-repository") or b"").strip() == b"true"


def git(root: Path, *arguments: str, given: str = "") -> bytes | None:
    """What Git prints; None if it fails. Raises `OfferwrightError` where Git cannot help at all."""
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
        raise OfferwrightError(
            "git is not installed, and without it no commit can be read; install it, or compare "
            "two folders"
        ) from None
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
