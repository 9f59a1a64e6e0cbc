"""Manifests: what is refused, and that the message says where and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from offerwright.connectors.document import ConnectorDocument
from offerwright.errors import ConfigError
from offerwright.source.load import read_document

GOOD = """\
kind: connector
name: tiny
hosts: {api: https://api.tiny.example}
auth: {method: headers, secrets: [key], headers: {X-Key: "{secret.key}"}}
buckets: {default: {per_second: 1, burst: 1}}
requests:
  put: {method: PUT, path: "/x/{sku}"}
flows:
  price.update: [{request: put}]
read_back: [{request: put}]
answers: []
"""


def refused(tmp_path: Path, before: str, after: str) -> str:
    assert before in GOOD
    path = tmp_path / "connector.yaml"
    path.write_text(GOOD.replace(before, after))
    with pytest.raises(ConfigError) as error:
        read_document(path, ConnectorDocument)
    return "\n".join(f"{d.span} {d.message}" for d in error.value.diagnostics)


def test_a_small_manifest_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "connector.yaml"
    path.write_text(GOOD)

    assert read_document(path, ConnectorDocument).name == "tiny"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("request: put}]\nread", "request: pit}]\nread", "request `pit`"),
        ("/x/{sku}", "/x/{secret.key}", "`{secret.key}` may not stand here"),
        ("/x/{sku}", "/x/{token.access}", "`{token.access}` may not stand here"),
        ("/x/{sku}", "/x/{skew}", "`{skew}` may not stand here"),
        ("/x/{sku}", "x", "`path` cannot be 'x'"),
        ("method: PUT", "method: FETCH", "`method` cannot be 'FETCH'"),
        ("https://api", "http://api", "`api` cannot be 'http://api.tiny.example'"),
        ("api.tiny.example", "api.tiny.example/path", "`api` cannot be"),
        ("method: PUT", "method: PUT, bucket: slow", "bucket `slow`"),
        ("method: PUT", "method: PUT, host: other", "host `other`"),
        ("price.update", "price.delete", "price.delete"),
        ("per_second: 1", "per_second: 0", "`per_second` must be more than 0"),
        ("burst: 1", "burst: 1.5", "must be a whole number"),
        ("method: headers", "method: oauth2_refresh", "`token` goes with"),
        ("answers: []", "answers: [{status: 200, outcome: fine}]", "`outcome` cannot be 'fine'"),
        (
            "answers: []",
            "answers: [{status: 99, outcome: retry}]",
            "`status` must be at least 100, not 99",
        ),
        ("answers: []", "answers: []\nverify_tls: false", "verify_tls"),
    ],
)
def test_a_mistake_in_a_manifest_is_located(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    message = refused(tmp_path, before, after)

    assert says in message
    assert "connector.yaml:" in message


def test_a_manifest_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read_document(tmp_path / "connector.yaml", ConnectorDocument)

    assert error.value.diagnostics[0].code == "UNREADABLE"
