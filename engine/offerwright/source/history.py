"""
A commit of the Git repository → the configuration as it was.

Only `rev-parse`, `merge-base`, `ls-tree` and `cat-file` are run: no hook, no filter, no network,
and nothing in the working tree is touched.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from offerwright.errors import OfferwrightError
from offerwright.source.document import Document
from offerwright.source.load import load_documents
from offerwright.source.located import Loaded
from offerwright.source.repository import RULES, SHOP_FILE, Repository
from offerwright.source.text import MAX_CSV_BYTES

_ENDINGS = (".yaml", ".yml", ".csv")
_REGULAR = ("100644", "100755")
_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never")
_TIMEOUT_S = 60


def base_commit(root: Path, ref: str) -> str:
    """
    The commit to compare a working tree with: where its branch left `ref`, else `ref` itself.

    Raises:
        OfferwrightError: no Git, no Git repository, or no such commit in this clone.
    """
    _refuse_strange(ref)
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if found is None:
        raise OfferwrightError(_unknown(root, ref))
    commit = found.decode().strip()
    left = _git(root, "merge-base", commit, "HEAD")
    return left.decode().split("\n")[0] if left else commit


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


def repository_at(root: Path, commit: str) -> Repository:
    """`offerwright.yaml` and the files under `rules/` of a commit; links are left out. A commit
    without such files gives a repository without files."""
    prefix = (_git(root, "rev-parse", "--show-prefix") or b"").decode().rstrip("\n")
    listed = _git(
        root, "ls-tree", "-r", "-z", "-l", "--full-tree", commit,
        "--", f"{prefix}{SHOP_FILE}", f"{prefix}{RULES}/",
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
        is_regular = len(fields) == 4 and fields[0] in _REGULAR
        if is_regular and file.lower().endswith(_ENDINGS) and int(fields[3]) <= MAX_CSV_BYTES:
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
    shallow = (_git(root, "rev-parse", "--is-shallow-repository") or b"").strip() == b"true"
    if shallow:
        return (
            f"this clone has no commit {ref}: it holds the newest history only. "
            "Fetch all of it first: git fetch --unshallow, or fetch-depth: 0 in a workflow"
        )
    remote, _, branch = ref.partition("/")
    how = f": git fetch {remote} {branch}" if branch else ""
    return f"this clone has no commit {ref}; fetch it first, or correct the name{how}"


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
