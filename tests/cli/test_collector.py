"""A command sets the garbage collector for itself alone."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from offerwright.cli import main

# Called as a command is, by a program that goes on.
PROGRAM = """
import gc, sys
from offerwright.cli import main
before = gc.get_threshold()
sys.argv = ["offerwright", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print(end.code, gc.get_threshold() == before, gc.get_freeze_count())
"""


@pytest.mark.parametrize(("argument", "code"), [("--version", 0), ("--no-such-option", 2)])
def test_a_program_that_calls_the_command_keeps_its_own_settings(argument: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, argument], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == f"{code} True 0"


def test_with_arguments_nothing_is_set() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    with pytest.raises(SystemExit):
        main(["--version"])

    assert (gc.get_threshold(), gc.get_freeze_count()) == before
