"""Contract schemas: what the bytes for a marketplace must look like, checked before sending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from offerwright.errors import Diagnostic, Span
from offerwright.marketplaces.exact_json import BodyRefused, parse_json
from offerwright.marketplaces.operation import Problem
from offerwright.marketplaces.schema import schema_validator

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

    from offerwright.marketplaces.compiled import CompiledPayload


@dataclass(frozen=True)
class Contract:
    """One JSON Schema; the validator is built when it is first used."""

    file: str
    schema: Mapping[str, Any]

    @cached_property
    def validator(self) -> Validator:
        return schema_validator(self.schema)

    @property
    def fault(self) -> Diagnostic | None:
        """Why it is no JSON Schema; None when it is one. The first look costs some milliseconds."""
        from jsonschema import SchemaError

        try:
            _ = self.validator
        except SchemaError as error:
            place = pointer(error.absolute_path) or "/"
            message = f"this is no JSON Schema: {place}: {error.message}"
            where = Span(self.file, 1, 1, 1, 1)
            return Diagnostic("BAD_CONTRACT", message, where, "see json-schema.org")
        return None


def validate(payload: CompiledPayload, parts: Sequence[tuple[str, bytes]]) -> list[Problem]:
    """What is wrong with the final bytes, by the payload's contracts; empty when they keep them.

    `field` of a problem is `part#/json/pointer`. Unknown and missing parts are problems too.
    """
    contracts = {part.name: part.contract for part in payload.parts}
    problems: list[Problem] = []
    for name, body in parts:
        if name not in contracts:
            problems.append(Problem("CONTRACT_PART", f"`{name}` is no part of `{payload.name}`"))
            continue
        problems += [
            Problem(p.code, p.message, f"{name}#{p.field}")
            for p in check_body(contracts[name].validator, body)
        ]
    sent = {name for name, _ in parts}
    problems += [
        Problem("CONTRACT_PART", f"the part `{part.name}` is missing")
        for part in payload.parts
        if part.name not in sent and not part.optional
    ]
    return problems


def check_body(validator: Validator, body: bytes) -> list[Problem]:
    """What is wrong with one body; `field` is a JSON Pointer."""
    try:
        data = parse_json(body)
    except BodyRefused as error:
        return [Problem("CONTRACT_JSON", str(error))]
    errors = sorted(
        validator.iter_errors(data), key=lambda e: (list(map(str, e.absolute_path)), e.message)
    )
    return [
        Problem("CONTRACT_BROKEN", error.message[:300], pointer(error.absolute_path))
        for error in errors
    ]


def pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer of a path (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
