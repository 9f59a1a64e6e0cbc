"""A PostgreSQL server of the machine, in a folder of its own, reached by a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_OPTIONS = "-c listen_addresses='' -c fsync=off -c unix_socket_directories={folder}"


@contextmanager
def server() -> Iterator[str]:
    """The URI of a fresh database; skips where there is no server or nobody who may run it."""
    found = shutil.which("pg_config")
    folder = (
        subprocess.run([found, "--bindir"], capture_output=True, text=True).stdout if found else ""
    )
    programs = Path(folder.strip())
    if not folder or not (programs / "initdb").exists():
        pytest.skip("no PostgreSQL server is installed")
    user = _unprivileged()
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        shutil.chown(home, user)
        _run([programs / "initdb", "-D", home / "data", "-A", "trust", "-U", "test", "-N"], user)
        options = _OPTIONS.format(folder=home)
        control = [programs / "pg_ctl", "-D", home / "data", "-l", home / "log", "-w"]
        _run([*control, "-o", options, "start"], user)
        try:
            yield f"postgresql:///postgres?host={home}&user=test"
        finally:
            _run([*control, "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(home)


def _unprivileged() -> str:
    """PostgreSQL refuses to run as root."""
    if os.getuid():
        return pwd.getpwuid(os.getuid()).pw_name
    if "postgres" not in {one.pw_name for one in pwd.getpwall()}:
        pytest.skip("only root is here, who may not run PostgreSQL")
    return "postgres"


def _run(command: list[str | Path], user: str) -> None:
    as_user = user if os.getuid() == 0 else None
    subprocess.run(command, user=as_user, cwd="/", check=True, timeout=60,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
