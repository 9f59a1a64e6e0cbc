"""A linked repository → the bytes of a bundle."""

from __future__ import annotations

import json

from offerwright.bundle.classes import KIND, shapes
from offerwright.codec import Apart, sealed
from offerwright.codec.write import written
from offerwright.loadout import Loadout, Stamp
from offerwright.profile import staged


@staged("packing")
def pack(loadout: Loadout) -> bytes:
    """
    Everything of a repository that running it needs, with the files it was made of.

    The same repository gives the same bytes, wherever it lies and however often it is packed.
    What is said of orders (`routing`, lifecycles) is left out.
    """
    stamp = Stamp(loadout.digest, loadout.revisions, loadout.store)
    parts = (
        loadout.rules,
        loadout.guards,
        loadout.schema,
        stamp,
        Apart(loadout.shop.document),
        Apart(dict(loadout.marketplaces)),
    )
    done = written(parts, shapes())
    files = sorted(loadout.repository.files.items())
    head = {
        "classes": done.classes,
        "files": [[name, len(body)] for name, body in files],
        "rules": stamp.digest,
    }
    sources = b"".join(body for _, body in files)
    return sealed(KIND, head, [sources, json.dumps(done.texts).encode(), *done.chunks])
