"""Names of a model → names of the language, each given once."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from offerwright.facts.schema import RESERVED_WORDS

MAX_NAME = 60


def snake(*names: str) -> str:
    """`Approval Status` → `approval_status`; letters without counterpart are left out."""
    text = " ".join(names)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    word = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")[:MAX_NAME].strip("_")
    if not word:
        return "value"
    return word if word[0].isalpha() else f"value_{word}"


@dataclass
class Namer:
    """Gives names that are not taken: `size`, `size_2`, `price_fact` for a word of the language."""

    taken: set[str] = field(default_factory=set)

    def name(self, *names: str) -> str:
        wanted = snake(*names)
        if wanted in RESERVED_WORDS:
            wanted = f"{wanted}_fact"
        found, number = wanted, 2
        while found in self.taken:
            found, number = f"{wanted}_{number}", number + 1
        self.taken.add(found)
        return found

    def document(self, name: str) -> str:
        """The name of a document: `approval-status`."""
        return self.name(name).replace("_", "-")
