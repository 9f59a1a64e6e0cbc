"""A place and a token -> the forge, ready to be asked, with its number looked up where needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from offerwright.connectors.client import HttpClient
from offerwright.connectors.redaction import Redactor
from offerwright.connectors.secrets import Secret
from offerwright.forges.client import ForgeClient, Timing
from offerwright.forges.comment import Forge
from offerwright.forges.github import HEADERS, GitHub, find_number
from offerwright.forges.gitlab import GitLab
from offerwright.forges.place import Place

DEADLINE_S = 30.0
_PAGE_BYTES = 32 * 1024 * 1024
"""A page of a hundred comments, each as long as GitHub takes it, in four bytes a character."""


@contextmanager
def connected(
    place: Place, token: Secret, timing: Timing | None = None
) -> Iterator[tuple[Forge | None, Place]]:
    """
    The forge, and the place with its number.

    There is no forge where the pull request has moved on to another commit than the one that this
    job ran for: then there is nothing to say about it. Raises what `ForgeClient.call` does.
    """
    with HttpClient(deadline_s=DEADLINE_S, body_bytes=_PAGE_BYTES) as http:
        redactor = Redactor([token.reveal()])
        client = ForgeClient(place, _headers(place, token), redactor, http, timing or Timing())
        if place.number is None:
            assert place.branch is not None, "a place has a number, or a branch to find it by"
            place = replace(place, number=find_number(client, place, place.branch))
        if place.number is None:
            yield None, place
        elif place.forge == "github":
            yield GitHub(client, place), place
        else:
            yield GitLab(client, place), place


def _headers(place: Place, token: Secret) -> Mapping[str, str]:
    if place.forge == "gitlab":
        return {"PRIVATE-TOKEN": token.reveal()}
    return {**HEADERS, "Authorization": f"Bearer {token.reveal()}"}
