"""
The DMN TCK against the importer: `python tests/interchange/tck.py FOLDER`.

FOLDER is any folder of the kit, such as TestCases/compliance-level-2 of a checkout: below it, each
folder with a `.dmn` file is one model, and every XML file beside it whose root is <testCases> holds
its cases. Prints one line for each model and the sums; `make dmn-tck TCK=FOLDER` does the same.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from offerwright.interchange.dmn.run import try_dmn
from offerwright.interchange.dmn.vocabulary import Given


def models(folder: Path) -> Iterator[tuple[Path, dict[str, bytes]]]:
    """Every model below a folder that has cases, and the cases by file name."""
    for model in sorted(folder.rglob("*.dmn")):
        cases = {
            file.name: content
            for file in sorted(model.parent.glob("*.xml"))
            if b"testCases" in (content := file.read_bytes())
        }
        if cases:
            yield model, cases


def counted(model: Path, cases: dict[str, bytes]) -> tuple[Counter[str], list[str]]:
    """How many results of a model pass, fail and are refused, and why not all of them pass."""
    outcomes, found = try_dmn(model.read_bytes(), model.name, cases, Given(ZoneInfo("UTC")))
    every = [one for _, several in outcomes for one in several]
    why = [d.message for d in found if d.severity == "error"]
    why += [
        f"{o.case} {o.decision}: expected {o.expected}, got {o.got}"
        for o in every
        if o.status == "fail"
    ]
    why += [o.reason for o in every if o.status == "refused"] if not why else []
    return Counter(o.status for o in every), why


def main(folder: Path) -> int:
    total: Counter[str] = Counter()
    whole = 0
    shown = list(models(folder))
    for model, cases in shown:
        counts, why = counted(model, cases)
        total += counts
        whole += counts["pass"] == counts.total() > 0
        said = f"  {why[0]}" if why else ""
        print(f"{model.stem:45} {counts['pass']:4} {counts['fail']:4} {counts['refused']:4}{said}")
    print(
        f"{'results: pass, fail, refused':45} {total['pass']:4} {total['fail']:4} {total['refused']:4}"
    )
    print(f"{'models of which every result passes':45} {whole:4} of {len(shown)}")
    return 1 if total["fail"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
