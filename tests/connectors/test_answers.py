"""What one answer means, driven by recorded replies: A01-A25 and F15-F25 without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from offerwright.connectors.document import ConnectorDocument
from offerwright.connectors.exchange import Failure, Reply
from offerwright.connectors.flow import Context, send_flow
from offerwright.connectors.requests import account_names
from offerwright.marketplaces.operation import Outcome

from .conftest import PRICE, account, operation

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "cases" / "answers.yaml").read_text()
)


def body_of(case: dict[str, Any]) -> bytes:
    if "body" in case:
        return str(case["body"]).encode()
    repeated = case["repeat"] * case["times"]
    return f"{case.get('before', '')}{repeated}{case.get('after', '')}".encode()


def judged(
    document: ConnectorDocument, answered: Reply | Failure, external_id: str = "MLB1"
) -> Outcome:
    context = Context(document, account_names(account(document.name)), external_id)
    flow = send_flow(operation(document.name, "price", price=PRICE), context)
    next(flow)
    with pytest.raises(StopIteration) as stop:
        flow.send(answered)
    outcome: Outcome = stop.value.value
    return outcome


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_an_answer_means_what_the_case_says(
    documents: dict[str, ConnectorDocument], case: dict[str, Any]
) -> None:
    document = documents[case.get("marketplace", "mercadolibre")]
    answered = Reply(case["status"], {}, body_of(case))

    outcome = judged(document, answered, case.get("external_id", "MLB1"))

    assert outcome.kind == case["kind"], outcome
    assert [p.code for p in outcome.problems] == case.get("codes", [])
    assert outcome.status == case["status"]
    if "handle" in case:
        assert outcome.handle == case["handle"]
    if "message" in case:
        assert outcome.problems[0].message == case["message"]


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (Failure("unsent", "UNREACHABLE", "nobody"), "retry"),
        (Failure("unsent", "RATE_LIMITED", "full", 12.0), "retry"),
        (Failure("in_doubt", "ANSWER_LOST", "lost"), "in_doubt"),
        (Failure("in_doubt", "DEADLINE", "late"), "in_doubt"),
    ],
)
def test_a_failure_is_a_retry_only_when_nothing_was_sent(
    documents: dict[str, ConnectorDocument], failure: Failure, kind: str
) -> None:
    outcome = judged(documents["mercadolibre"], failure)

    assert (outcome.kind, outcome.retry_after_s) == (kind, failure.retry_after_s)


@pytest.mark.parametrize("broken", ["is larger than 4 bytes", "was cut short"])
def test_a_broken_body_keeps_what_the_status_says(
    documents: dict[str, ConnectorDocument], broken: str
) -> None:
    document = documents["mercadolibre"]

    kinds = [judged(document, Reply(s, {}, broken=broken)).kind for s in (200, 400, 429, 500)]

    assert kinds == ["in_doubt", "rejected", "retry", "in_doubt"]
