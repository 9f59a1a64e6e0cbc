"""Secrets by reference, and canaries in every slot: nothing that people see holds one (P14)."""

from __future__ import annotations

import io
import json
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from offerwright.connectors.redaction import Redactor, redact_event
from offerwright.connectors.secrets import Secret, read_secret
from offerwright.errors import CredentialsRefused
from offerwright.marketplaces.operation import Outcome, Problem
from offerwright.sandbox.document import Fault

from .conftest import NAMES, MemoryTokens, Rig, environment, operation


@pytest.fixture
def events() -> Iterator[io.StringIO]:
    """Everything that is logged, as JSON lines."""
    written = io.StringIO()
    structlog.configure(
        processors=[redact_event, structlog.processors.JSONRenderer()],
        # Commands that other tests ran in this process have asked for warnings only.
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(written),
    )
    yield written
    structlog.reset_defaults()


def test_a_secret_is_read_from_its_variable() -> None:
    secret = read_secret(
        "meli-br", "client_secret", {"OFFERWRIGHT_MELI_BR_CLIENT_SECRET": " s3 \n"}
    )

    assert secret.reveal() == "s3"


def test_a_secret_is_read_from_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("s3\n")
    path.chmod(0o600)

    secret = read_secret("meli", "key", {"OFFERWRIGHT_MELI_KEY_FILE": str(path)})

    assert secret.reveal() == "s3"


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("s3-hidden")
    path.chmod(0o644)

    with pytest.raises(CredentialsRefused, match="chmod 600") as refused:
        read_secret("meli", "key", {"OFFERWRIGHT_MELI_KEY_FILE": str(path)})

    assert "s3-hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "set OFFERWRIGHT_MELI_KEY, or OFFERWRIGHT_MELI_KEY_FILE"),
        ({"OFFERWRIGHT_MELI_KEY": "  "}, "is missing"),
        ({"OFFERWRIGHT_MELI_KEY": "a", "OFFERWRIGHT_MELI_KEY_FILE": "/x"}, "are both set"),
        ({"OFFERWRIGHT_MELI_KEY_FILE": "/no/such/file"}, "cannot be read"),
        ({"OFFERWRIGHT_MELI_KEY_FILE": "/dev"}, "not a regular file"),
        ({"OFFERWRIGHT_MELI_KEY": "a\nb"}, "no header can carry"),
        ({"OFFERWRIGHT_MELI_KEY": "ção"}, "no header can carry"),
    ],
)
def test_a_secret_that_cannot_be_had_names_its_variable(environ: dict[str, str], says: str) -> None:
    with pytest.raises(CredentialsRefused, match="OFFERWRIGHT_MELI_KEY") as refused:
        read_secret("meli", "key", environ)

    assert says in str(refused.value)


def test_a_secret_never_shows_itself() -> None:
    secret = Secret("s3-hidden")

    shown = [repr(secret), str(secret), f"{secret}", repr([secret]), repr({"a": secret})]

    assert not any("s3-hidden" in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_secret_is_hidden_in_its_encoded_forms_too() -> None:
    redactor = Redactor(["a+b/c=="])

    hidden = redactor.value({"text": "x a+b/c== y", "url": "q=a%2Bb%2Fc%3D%3D", "Cookie": "z"})

    assert hidden == {"text": "x *** y", "url": "q=***", "Cookie": "***"}


def test_a_text_is_shortened_after_its_secrets_are_hidden() -> None:
    problem = Problem("C", "x" * 290 + "canary-1f9e-canary")

    outcome = Redactor(["canary-1f9e-canary"]).outcome(Outcome("rejected", (problem,)))

    assert outcome.problems[0].message == "x" * 290 + "***"


def test_a_reason_has_at_most_300_characters() -> None:
    outcome = Redactor().outcome(Outcome("rejected", (Problem("C", "x" * 9000),)))

    assert outcome.problems[0].message == "x" * 300


def test_missing_secrets_stop_the_connector_before_it_is_built(rig: Rig) -> None:
    with pytest.raises(CredentialsRefused, match="OFFERWRIGHT_SHOP_CLIENT_ID"):
        rig.connector("mercadolibre", environ={})


@pytest.mark.parametrize("marketplace", NAMES)
def test_no_canary_leaves_by_log_or_outcome(
    rig: Rig, marketplace: str, events: io.StringIO, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A25: the marketplace echoes every secret it was sent, in codes, sentences and fields."""
    caplog.set_level(logging.DEBUG)
    tokens = MemoryTokens()
    connector = rig.connector(marketplace, tokens=tokens)
    connector.connect()
    token = tokens.tokens.get("shop")
    names = rig.documents[marketplace].auth.secrets
    canaries = [environment()[f"OFFERWRIGHT_SHOP_{name.upper()}"] for name in names]
    canaries += [token.access, token.refresh] if token else []
    echo = " ".join(canaries)
    one = {"code": echo[:250], "message": echo, "text": echo, "references": [echo]}
    body = json.dumps({"error": echo, "message": echo, "text": echo, "cause": [one],
                       "errors": [one], "issues": [one], "reasons": [one]})  # fmt: skip
    seen: list[str] = []
    for status in (400, 401, 403, 404, 409, 422, 429, 500):
        rig.running.sandbox.faults.clear()
        rig.running.sandbox.faults.add(
            Fault(marketplace=marketplace, do="status", status=status, body=body)
        )
        for call in (connector.send, connector.read_back, connector.poll):
            seen.append(repr(call(operation(marketplace, "price"))))

    everything = "\n".join([*seen, events.getvalue(), caplog.text, *capfd.readouterr()])
    everything += repr(connector) + repr(vars(connector))
    assert '"event": "outcome"' in events.getvalue()
    assert [c for c in canaries if c in everything] == []


def test_logs_hold_no_bodies(rig: Rig, events: io.StringIO) -> None:
    rig.running.sandbox.faults.add(Fault(do="body", body='{"name":"Maria da Silva"}'))

    rig.connector("vtex").send(operation("vtex", "price", parts={"body": b'[{"who":"Joana"}]'}))

    assert "Maria" not in events.getvalue()
    assert "Joana" not in events.getvalue()
