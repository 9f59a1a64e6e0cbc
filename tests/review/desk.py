"""A shop in Git at which several people work, and what a review says of their approvals."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cli.shop import Shop, small_shop
from git_commands import git, people

from offerwright.cli.review_sides import states_of_range
from offerwright.review.agreement import Compared, Terms, agreements
from offerwright.review.four_eyes import Agreement
from offerwright.rules.document import ApprovalsDocument, ListsDocument
from offerwright.source.document import Document
from offerwright.source.load import load_documents

ANA, BEA = "Ana <ana@shop.example>", "Bea <bea@shop.example>"
FORGE = "GitHub <noreply@github.com>"
STEP = "  - {id: step, check: step_from_live, down: 30%, else: needs_approval}\n"
APPROVAL = """\
kind: approvals
name: agreed
approves:
  - {guard: step, down: 60%, reason: clearance, approver: bea, expires: 2026-12-31}
"""
FILE = "rules/approvals.yaml"
KINDS: dict[str, type[Document]] = {"approvals": ApprovalsDocument, "lists": ListsDocument}


@dataclass(frozen=True)
class Desk:
    """The folder; its branch `base` is where everybody began."""

    shop: Shop

    def commit(self, author: str, committer: str = "", message: str = "a day's work") -> None:
        root = self.shop.root
        git(root, "add", "-A", "--", "offerwright.yaml", "rules", "marketplaces", "data")
        git(root, "commit", "-q", "-m", message, who=people(author, committer))

    def cheaper(self, author: str, committer: str = "", to: str = "-50%") -> None:
        """A change of rules: 118.00 → 50.00 for AU-1, a fall of 57.6 %."""
        self.shop.change("rules/pricing.yaml", "markup: 18%", f"markup: {to}")
        self.commit(author, committer)

    def approve(self, author: str, committer: str = "", text: str = APPROVAL) -> None:
        self.shop.write(FILE, text)
        self.commit(author, committer)

    def agreed(self, written: str = "base..HEAD", signed: bool = False) -> tuple[Agreement, ...]:
        root = self.shop.root
        old, new = states_of_range(root, written)
        base, head = (load_documents(one.repository, KINDS)[0] for one in (old, new))
        terms = Terms(date(2026, 11, 27), signed)
        return agreements(base, head, Compared(root, old.commit, new.commit or None), terms)

    def refusal(self, written: str = "base..HEAD", signed: bool = False) -> str:
        """Why the only approval does not count."""
        (found,) = self.agreed(written, signed)
        return found.refused


def begun(folder: Path) -> Desk:
    """A new shop, of one commit."""
    desk = Desk(small_shop(folder))
    guards = folder / "rules/guards.yaml"
    desk.shop.write("rules/guards.yaml", guards.read_text(encoding="utf-8") + STEP)
    git(folder, "init", "-q", "--template=")
    desk.commit(ANA)
    git(folder, "branch", "base")
    return desk


def copied(desk: Desk, folder: Path) -> Desk:
    """The same shop once more: a tenth of the time that Git takes."""
    shutil.copytree(desk.shop.root, folder, symlinks=True)
    return Desk(Shop(folder))
