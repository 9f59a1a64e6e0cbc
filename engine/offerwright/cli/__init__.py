"""The command `offerwright`: thin faces of the functions below; results on stdout."""

from __future__ import annotations

import importlib
import keyword
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from io import TextIOWrapper
from typing import Any

import click

from offerwright import __version__
from offerwright.cli.collector import collected_seldom
from offerwright.cli.report import report_error
from offerwright.errors import OfferwrightError

# command -> the module that holds it; modules are imported when their command is used.
COMMANDS: dict[str, str] = {
    "apply": "sync",
    "blame": "blame",
    "bundle": "bundle",
    "check": "check",
    "comment": "comment",
    "connect": "connect",
    "diff": "diff",
    "docs": "docs",
    "explain": "explain",
    "explain-code": "check",
    "fmt": "fmt",
    "hold": "holding",
    "impact": "impact",
    "init": "init",
    "import": "interchange",
    "offers": "offers",
    "orders": "orders",
    "plan": "sync",
    "replay": "replay",
    "rollback": "rollback",
    "runs": "runs",
    "render": "render",
    "release": "holding",
    "sandbox": "sandbox",
    "schema": "schema",
    "shadow": "shadow",
    "snapshot": "snapshot",
    "sync": "sync",
    "table": "table",
    "test": "test",
    "timeline": "timeline",
}
HELP: dict[str, str] = {
    "apply": "Send what a plan says.",
    "blame": "Which commit or cell last changed a value?",
    "bundle": "Compile the rules into one file.",
    "check": "Read every file and say what is wrong, with place and fix.",
    "comment": "Put a review on its pull request.",
    "connect": "Try an account's credentials.",
    "diff": "Say what differs between two saved outputs of offers.",
    "docs": "Write the rules as pages, in words.",
    "explain": "Why does this SKU cost what it costs?",
    "explain-code": "What a code of a message means.",
    "fmt": "Lay out YAML files; nothing is lost.",
    "hold": "Stop what is sent of an account, a SKU or a rule.",
    "impact": "What does a rule win?",
    "init": "Write a small repository that works.",
    "import": "Turn the decisions of a DMN file into documents.",
    "offers": "Compute the offers of all accounts.",
    "orders": "Decide which node ships an order.",
    "plan": "Say what would be sent, and what is withheld.",
    "render": "Write a kept review as HTML, CSV, SARIF or a comment.",
    "release": "Let go what was held.",
    "replay": "Say a run again and compare, byte for byte.",
    "rollback": "Plan the way back to a run or a commit.",
    "runs": "List what plan, apply and sync have done.",
    "sandbox": "Run the marketplaces on this machine.",
    "schema": "Write the JSON Schemas for editors, or check them.",
    "shadow": "What candidates would have done beside the live rules.",
    "snapshot": "Read the sources into one typed snapshot.",
    "sync": "Plan and apply in one go.",
    "table": "Write a table for a spreadsheet, or take its rows back.",
    "test": "Run the tests of rules, and say what they cover.",
    "timeline": "What changes by itself, and when.",
}


class _Commands(click.Group):
    """Commands by name; importing one imports its room and no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        # A command called as a word of Python has a trailing underscore there.
        attribute = cmd_name.replace("-", "_") + "_" * keyword.iskeyword(cmd_name)
        found: click.Command = getattr(
            importlib.import_module(f"offerwright.cli.{module}"), attribute
        )
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, HELP[name]) for name in sorted(COMMANDS)])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="offerwright")
@click.option("-v", "--verbose", count=True, help="Log on stderr, as JSON lines; twice for more.")
@click.pass_context
def offerwright(ctx: click.Context, verbose: int) -> None:
    """Rules as code for sellers.

    \b
      offerwright check                      is everything in order?
      offerwright explain PAN-0001 --account meli
      offerwright plan --out plan.jsonl      what would be sent?
      offerwright apply plan.jsonl           send exactly that
    """
    ctx.obj = verbose
    if not verbose:
        # Events of the log would stand between its frames.
        from offerwright.cli.progress import progress_line

        ctx.with_resource(progress_line())


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run the command; ends the process with the documented exit code.

    With arguments it is called by a program, whose garbage collector is left as it is.
    """
    with collected_seldom() if arguments is None else nullcontext():
        code = _ended(arguments)
    sys.exit(code)


def _ended(arguments: Sequence[str] | None) -> int:
    """Run the command to its end; every error is told, and has its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # The same bytes whatever the locale says.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        code: Any = offerwright.main(arguments, prog_name="offerwright", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        code = problem.exit_code
    except click.Abort:
        click.echo("interrupted; nothing is lost: run the same command again", err=True)
        code = 130
    except OfferwrightError as problem:
        report_error(problem)
        code = problem.exit_code
    except OSError as problem:
        place = f"{problem.filename}: " if problem.filename else ""
        report_error(OfferwrightError(f"{place}{problem.strerror or problem}"))
        code = OfferwrightError.exit_code
    return code if isinstance(code, int) else 0
