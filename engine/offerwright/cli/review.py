"""`diff` of two states of the rules: what a change does to every offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click import BadParameter, UsageError

from offerwright.cli.options import found_root, moment
from offerwright.cli.outputs import Output, write_outputs
from offerwright.cli.report import diagnostic_json, tell
from offerwright.errors import OfferwrightError
from offerwright.source.repository import SHOP_FILE

if TYPE_CHECKING:
    from offerwright.cli.review_sides import State
    from offerwright.review.periods import PeriodReview
    from offerwright.review.renderings import Rendered
    from offerwright.review.review import Asked
    from offerwright.review.side import Side

OFFERS = 1000
"""So many offers stand in the document one by one, unless asked otherwise."""
MOMENTS = 12
"""At so many moments a stretch of time is looked at."""
ROWS = 5000
"""So many stand in the HTML report."""
FORMS = ("text", "json", "markdown", "html", "csv", "parquet", "sarif", "github",
         "github-comment", "gitlab-comment")  # fmt: skip
"""How a review can be written."""


@dataclass(frozen=True)
class ReviewRequest:
    """What `diff` is asked of two states."""

    sides: tuple[str, ...]
    root: Path | None
    data: Path | None
    as_of: str | None
    offers: int = OFFERS
    end: str | None = None
    moments: int = MOMENTS
    links: str | None = None
    folder: str = ""


def is_review(sides: Sequence[str]) -> bool:
    """
    Whether these name states of a repository, and not saved outputs of `offers`.

    One name is that of a commit, also where a file is called like it.

    Raises:
        UsageError: they name neither.
    """
    if len(sides) == 1:
        return True
    paths = [Path(side) for side in sides]
    if all(path.is_dir() for path in paths):
        return True
    if len(sides) > 2:
        raise UsageError(
            f"{len(sides)} names are given: write BASE..HEAD for two commits, or name two folders "
            "or two saved outputs"
        )
    missing = [side for side, path in zip(sides, paths, strict=True) if not path.exists()]
    if missing:
        raise UsageError(
            f"no file or folder is called {missing[0]!r}; two commits are written "
            f"{sides[0]}..{sides[1]}"
        )
    return False


def write_review(request: ReviewRequest, outputs: Sequence[Output]) -> Mapping[str, Any]:
    """Evaluate once and write every output; returns the document."""
    from offerwright.review.renderings import rendered

    found = looked_at(_evaluated(request), request.links, request.folder)
    short = replace(
        found, record={**found.record, "offers": found.record["offers"][: request.offers]}
    )
    write_outputs([
        (one, rendered(found if one.form == "html" else short, one.form)) for one in outputs
    ])  # fmt: skip
    return short.record


def looked_at(of: Rendered, address: str | None, folder: str) -> Rendered:
    """With the address of the repository, and where the shop lies in it."""
    from offerwright.review.links import folder_of, links

    found = links(address, of.record["head"]["commit"], folder) if address is not None else None
    return replace(of, links=found, folder=folder_of(folder))


def _evaluated(request: ReviewRequest) -> Rendered:
    """The document, with as many offers as the longest output shows, and all that differ."""
    from offerwright.cli.review_gaps import computable
    from offerwright.cli.review_head import head_findings
    from offerwright.cli.review_sides import Data, agreed, compiled, refuse_base, sides
    from offerwright.review.agreement import counted
    from offerwright.review.documents import changed_files
    from offerwright.review.master import Named, broken, master, ranked_offers
    from offerwright.review.offers_table import table_of_review
    from offerwright.review.periods import with_periods
    from offerwright.review.renderings import Rendered
    from offerwright.review.review import Asked, review

    root, (old, new) = _states(request)
    both = computable(old, new)
    base, head = both.base.loadout, both.head.loadout
    if base is None:
        refuse_base(old, both.base.errors)
    files = changed_files(old.repository.files, new.repository.files)
    if head is None or base is None:
        tell(f"{new.name} has errors, so its offers cannot be computed")
        names = Named(old.name, old.commit), Named(new.name, new.commit)
        return Rendered(broken(*names, files, both.gaps))
    before, after, as_of = sides((old, base), (new, head), Data(root, request.data, request.as_of))
    approvals = agreed(root, (old, base), (new, head), as_of)
    after = replace(after, loadout=counted(head, approvals))
    asked = Asked(as_of, compiled, workers=2)
    later, left = _periods(before, after, asked, request)
    found = later[0].review if later else review(before, after, asked)
    files = changed_files(old.repository.files, new.repository.files, found.documents)
    judged = diagnostic_json(head_findings(after, as_of, root))
    gaps = replace(both.gaps, findings=(*both.gaps.findings, *judged))
    found = replace(found, approvals=approvals, files=files, gaps=gaps)
    record = with_periods(master(found, max(request.offers, ROWS)), later, left)
    return Rendered(record, table_of_review(ranked_offers(found), record))


def _periods(
    base: Side, head: Side, asked: Asked, request: ReviewRequest
) -> tuple[tuple[PeriodReview, ...], int]:
    """
    What the change does from moment to moment, and how many moments were left out; nothing where
    only one moment is asked for.
    """
    from offerwright.review.periods import period_reviews
    from offerwright.review.words import count

    if request.end is None:
        return (), 0
    end = moment(request.end, head.loadout.rules.time_zone)
    if end <= asked.as_of:
        raise BadParameter(
            f"{request.end} is not after {asked.as_of.isoformat()}", param_hint="--as-of-end"
        )
    found, left = period_reviews(base, head, asked, end, request.moments)
    if left:
        tell(
            f"note: {count(left, 'moment')} from {found[-1].end.isoformat()} on not looked at; "
            f"--moments {len(found) + left} looks at all"
        )
    return found, left


def _states(request: ReviewRequest) -> tuple[Path, tuple[State, State]]:
    from offerwright.cli.review_sides import folder_state

    if len(request.sides) == 1:
        return _range(request, request.sides[0])
    folders = [Path(side) for side in request.sides]
    if len(folders) != 2:
        raise OfferwrightError("give two folders: offerwright diff BEFORE AFTER")
    for folder in folders:
        if not (folder / SHOP_FILE).is_file():
            raise OfferwrightError(f"{folder} has no {SHOP_FILE}")
    base, head = (folder_state(folder, str(folder)) for folder in folders)
    return request.root or folders[1], (base, head)


def _range(request: ReviewRequest, written: str) -> tuple[Path, tuple[State, State]]:
    """The states that one name or range means. Raises `OfferwrightError` for what is neither."""
    from offerwright.cli.review_sides import states_of_range

    if "/" in written and Path(written).is_dir():
        raise OfferwrightError(f"{written} is one folder; give two: offerwright diff BEFORE AFTER")
    try:
        root = found_root(request.root)
        return root, states_of_range(root, written)
    except OfferwrightError as problem:
        if Path(written).is_file():
            raise OfferwrightError(
                f"{written} is one file; give two saved outputs: offerwright diff BEFORE AFTER. "
                f"It is no commit either: {problem}"
            ) from None
        raise


def code_of(record: Mapping[str, Any], fail_on: str) -> int:
    """The exit code: 1 where a guard blocks, or something differs, as asked."""
    asked = {"never": False, "blocked": record["blocks"], "difference": record["differs"]}
    return int(asked[fail_on])
