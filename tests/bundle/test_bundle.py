"""A bundle: the same rules as in the files, to the byte, or refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import typing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from engine_under_test import offers_of, sound, told
from evaluate.generated_repository import Generated, repositories
from evaluate.generated_shop import AS_OF
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offerwright import __version__
from offerwright.bundle import bundle_digest, unpack
from offerwright.bundle.classes import CLASSES, shapes
from offerwright.bundle.pack import pack
from offerwright.codec import Apart, sealed
from offerwright.codec.write import written
from offerwright.errors import BundleRefused
from offerwright.evaluate.listing import listing
from offerwright.evaluate.run import Executor
from offerwright.facts.document import ShopDocument
from offerwright.facts.schema import FactSchema
from offerwright.facts.snapshot import build_snapshot
from offerwright.guards.plan import GuardSet
from offerwright.loadout import Loadout, Stamp
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.pipeline import load
from offerwright.rules.packed import RULE_CLASSES, rules_from_bytes, rules_to_bytes
from offerwright.rules.plan import RuleSet

ROOT = Path(__file__).parents[2]
MOMENT = datetime.fromisoformat("2026-11-27T09:30:00-03:00")
REPOSITORIES = [ROOT, ROOT / "examples/strategies"]


@pytest.fixture(scope="module", params=REPOSITORIES, ids=["reference", "strategies"])
def loadout(request: pytest.FixtureRequest) -> Loadout:
    return load(request.param)


@pytest.fixture(scope="module")
def small() -> bytes:
    return pack(load(ROOT / "examples/strategies"))


def listings(loadout: Loadout, root: Path) -> list[str]:
    """All offers as JSON, with every reason."""
    snapshot = build_snapshot(loadout.schema, loadout.shop.document, root)
    return [listing(o).write_json() for o in Executor(loadout.rules).run(snapshot.frame, MOMENT)]


def test_offers_from_a_bundle_are_the_same_bytes(loadout: Loadout) -> None:
    root = loadout.repository.root
    found = listings(unpack(pack(loadout), root), root)

    assert found == listings(loadout, root)
    assert sum(map(len, found)) > 10_000


def test_a_bundle_holds_all_that_running_needs(loadout: Loadout) -> None:
    found = unpack(pack(loadout), loadout.repository.root)

    assert found.rules == loadout.rules
    assert found.guards == loadout.guards
    assert found.schema == loadout.schema
    assert found.marketplaces == loadout.marketplaces
    assert found.shop.document == loadout.shop.document
    assert found.revisions == loadout.revisions
    assert found.digest == loadout.digest
    assert dict(found.repository.files) == dict(loadout.repository.files)


def test_a_bundle_of_a_bundle_is_the_same_file(loadout: Loadout) -> None:
    data = pack(loadout)

    assert pack(unpack(data, Path("/elsewhere"))) == data
    assert bundle_digest(data) == hashlib.sha256(data.partition(b"\n")[2]).hexdigest()


def test_the_same_repository_gives_the_same_file_in_another_place_and_process(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "examples/strategies", copy)
    script = (
        "import hashlib, sys; from pathlib import Path; from offerwright.pipeline import load; "
        "from offerwright.bundle.pack import pack; "
        "print(hashlib.sha256(pack(load(Path(sys.argv[1])))).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", script, str(root)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "engine")},
            capture_output=True, text=True, check=True,
        ).stdout
        for root, seed in ((copy, "1"), (ROOT / "examples/strategies", "2"))
    }  # fmt: skip

    assert len(seen) == 1


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_bundle_with_a_changed_byte_is_refused(small: bytes, data: Any) -> None:
    place = data.draw(st.one_of(st.integers(0, 400), st.integers(0, len(small) - 1)))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != small[place]))

    with pytest.raises(BundleRefused):
        unpack(small[:place] + bytes([byte]) + small[place + 1 :], ROOT)


@given(st.data())
def test_a_bundle_that_is_cut_off_or_longer_is_refused(small: bytes, data: Any) -> None:
    end = data.draw(st.integers(0, len(small) - 1))

    with pytest.raises(BundleRefused):
        unpack(small[:end], ROOT)
    with pytest.raises(BundleRefused):
        unpack(small + small[end:], ROOT)


def resealed(data: bytes, old: bytes, new: bytes) -> bytes:
    """Changed by somebody who knows how: the hash fits again."""
    line, _, content = data.partition(b"\n")
    assert old in content
    content = content.replace(old, new, 1)
    digest = hashlib.sha256(content).hexdigest().encode()
    return line.rpartition(b" ")[0] + b" " + digest + b"\n" + content


def test_a_bundle_of_another_engine_is_refused(small: bytes) -> None:
    other = resealed(small, f'"engine":"{__version__}"'.encode(), b'"engine":"9.9.9"')

    with pytest.raises(BundleRefused, match=r"rules\.bundle cannot be used: it was written by "
                       rf"Offerwright 9\.9\.9, and this is {__version__}"):  # fmt: skip
        unpack(other, ROOT, "rules.bundle")


def test_a_bundle_of_another_format_is_refused(small: bytes) -> None:
    with pytest.raises(BundleRefused, match="it has the format 2, and this engine reads 1"):
        unpack(small.replace(b"bundle 1 ", b"bundle 2 ", 1), ROOT)


def test_a_bundle_whose_classes_are_made_otherwise_is_refused(small: bytes) -> None:
    other = resealed(small, b'"Span":["file","line"', b'"Span":["file","Line"')

    with pytest.raises(BundleRefused, match="`Span` is made otherwise"):
        unpack(other, ROOT)


def with_head(data: bytes, head: bytes) -> bytes:
    """Another head, and a hash that fits again."""
    line, _, rest = data.split(b"\n", 2)
    content = head + b"\n" + rest
    digest = hashlib.sha256(content).hexdigest().encode()
    return line.rpartition(b" ")[0] + b" " + digest + b"\n" + content


@pytest.mark.parametrize(
    "change",
    [
        {"classes": None}, {"classes": []}, {"classes": {"Span": 3}}, {"files": None},
        {"files": [1]}, {"files": [["offerwright.yaml", 10**9]]}, {"sizes": [float("inf")]},
    ],
    ids=str,
)  # fmt: skip
def test_a_head_that_no_writer_makes_is_refused(small: bytes, change: dict[str, Any]) -> None:
    head = json.loads(small.split(b"\n", 2)[1]) | change

    with pytest.raises(BundleRefused, match="cannot be read"):
        unpack(with_head(small, json.dumps(head).encode()), ROOT)


@pytest.mark.parametrize("change", [{"engine": "9" * 10_000}, {"classes": {"S" * 10_000: []}}],
                         ids=["engine", "class"])  # fmt: skip
def test_a_refusal_shows_little_of_what_a_stranger_wrote(
    small: bytes, change: dict[str, Any]
) -> None:
    head = json.loads(small.split(b"\n", 2)[1]) | change

    with pytest.raises(BundleRefused) as refused:
        unpack(with_head(small, json.dumps(head).encode()), ROOT)
    assert len(str(refused.value)) < 200


def test_a_bundle_of_something_else_than_rules_is_refused(small: bytes) -> None:
    sizes = json.loads(small.split(b"\n", 2)[1])["sizes"]
    body = written((None,) * 6, shapes()).chunks[0]
    kept = small.split(b"\n", 2)[2][: sizes[0] + sizes[1]]
    head = json.loads(small.split(b"\n", 2)[1]) | {"sizes": [*sizes[:2], len(body)]}
    line = small.split(b"\n", 1)[0]
    other = with_head(line + b"\n\n" + kept + body, json.dumps(head).encode())

    with pytest.raises(BundleRefused, match="it holds something else than rules"):
        unpack(other, ROOT)


def with_waiting(loadout: Loadout, shop: object, marketplaces: object) -> Loadout:
    """What a bundle gives whose waiting parts hold other things, by somebody who knows how."""
    stamp = Stamp(loadout.digest, loadout.revisions, loadout.store)
    rules = (loadout.rules, loadout.guards, loadout.schema, stamp)
    done = written((*rules, Apart(shop), Apart(marketplaces)), shapes())
    parts = [b"", json.dumps(done.texts).encode(), *done.chunks]
    return unpack(sealed("bundle", {"classes": done.classes, "files": []}, parts), ROOT)


HOLDS = "a part of the bundle cannot be used: it holds something else; write it anew"


def test_a_shop_that_is_none_is_refused_when_it_is_asked_for(loadout: Loadout) -> None:
    found = with_waiting(loadout, loadout.schema, dict(loadout.marketplaces))

    assert found.marketplaces == loadout.marketplaces
    with pytest.raises(BundleRefused, match=HOLDS):
        _ = found.shop.document


def test_marketplaces_that_are_none_are_refused_when_they_are_asked_for(loadout: Loadout) -> None:
    held: dict[Any, Any] = dict(loadout.marketplaces)
    used = loadout.rules.plans[0].account.marketplace
    others = {name: one for name, one in held.items() if name != used}
    wrong = [None, [*held], {}, others, {**held, used: loadout.schema}, {**held, 1: held[used]}]

    for marketplaces in wrong:
        found = with_waiting(loadout, loadout.shop.document, marketplaces)
        assert found.shop.document == loadout.shop.document
        with pytest.raises(BundleRefused, match=HOLDS):
            found.marketplaces[used]


def test_rules_bytes_that_hold_no_rules_are_refused() -> None:
    done = written((1,), shapes())
    head = {"classes": done.classes}
    parts = [json.dumps(done.texts).encode(), *done.chunks]

    for wrong in (
        sealed("rules", head, parts),
        sealed("rules", {}, parts),
        sealed("rules", head, []),
    ):
        with pytest.raises(BundleRefused, match="these rules cannot be used"):
            rules_from_bytes(wrong)


@pytest.mark.parametrize("data", [b"", b"\n", b"kind: pricing\n", b"offerwright rules 1 00\n{}\n"])
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(BundleRefused, match="it is no bundle of Offerwright"):
        unpack(data, ROOT)


@settings(deadline=None, max_examples=8)
@given(repositories())
def test_generated_rules_say_the_same_from_bytes(generated: Generated) -> None:
    loadout = sound(generated.files)
    packed = unpack(pack(loadout), loadout.repository.root)

    def said(of: Loadout) -> dict[str, Any]:
        found = offers_of(of, generated.rows, AS_OF, generated.live)
        return {account: told(offers) for account, offers in found.items()}

    assert packed.rules == loadout.rules
    assert said(packed) == said(loadout)


def test_rules_alone_travel_as_bytes(loadout: Loadout) -> None:
    data = rules_to_bytes(loadout.rules)

    assert rules_from_bytes(data) == loadout.rules
    assert rules_to_bytes(rules_from_bytes(data)) == data


def test_rules_that_were_changed_are_refused(loadout: Loadout) -> None:
    data = rules_to_bytes(loadout.rules)

    with pytest.raises(BundleRefused, match="these rules cannot be used: it is damaged"):
        rules_from_bytes(data[:-1])


def reached(hint: Any, names: dict[str, Any], found: set[type[Any]]) -> None:
    """Every class of the engine that a value of this type may be made of."""
    for argument in typing.get_args(hint):
        reached(argument, names, found)
    for argument in hint if isinstance(hint, list | tuple) else ():
        reached(argument, names, found)
    if isinstance(hint, type) and hint.__module__.startswith("offerwright.") and hint not in found:
        found.add(hint)
        for inner in typing.get_type_hints(hint, localns=names).values():
            reached(inner, names, found)


def known_names() -> dict[str, Any]:
    """What the annotations of all these modules may name, also where only mypy imports it."""
    modules = {*CLASSES.values(), "offerwright.guards.document", "offerwright.rules.document"}
    found: dict[str, Any] = {}
    for module in sorted(modules):
        found |= {n: v for n, v in vars(__import__(module, fromlist=["x"])).items() if n[0] != "_"}
    return {name: value for name, value in found.items() if name in NAMED_ONLY}


# What only type checkers import, in the modules of the table.
NAMED_ONLY = {
    "AttributeForm", "Axis", "CheckName", "Condition", "Else", "ExchangeRate", "Hit",
    "ImageBounds", "Scope", "Take", "Template", "Words",
}  # fmt: skip


@pytest.mark.parametrize(
    ("roots", "table"),
    [
        ((RuleSet,), RULE_CLASSES),
        ((RuleSet, GuardSet, FactSchema, ShopDocument, Marketplace), CLASSES),
    ],
)
def test_every_class_that_rules_can_hold_is_in_the_table(
    roots: tuple[type[Any], ...], table: dict[str, str]
) -> None:
    names = known_names()
    # Two names that other modules use for something else too.
    for name, module in (("Condition", "conditions"), ("Scope", "scope")):
        found_in = __import__(f"offerwright.expressions.{module}", fromlist=["x"])
        names[name] = vars(found_in)[name]
    found: set[type[Any]] = set()
    for root in roots:
        reached(root, names, found)

    assert len(found) > 40
    assert {(one.__name__, one.__module__) for one in found} - set(table.items()) == set()


def test_a_bundle_names_no_code(small: bytes) -> None:
    head = json.loads(small.split(b"\n", 2)[1])

    assert set(head) == {"classes", "engine", "files", "rules", "sizes"}
    assert set(head["classes"]) <= set(CLASSES)
