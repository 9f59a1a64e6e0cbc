"""The forge's token: from the environment or a private file, never from the command line."""

from __future__ import annotations

from collections.abc import Mapping

from offerwright.connectors.secrets import Secret, read_secret, variable_name
from offerwright.errors import CredentialsRefused
from offerwright.forges.answers import NEEDS, OF_A_FORK
from offerwright.forges.place import FORGES, Place

OWN = variable_name("forge", "token")
_OF_CI = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN"}
_OF_JOB = "CI_JOB_TOKEN"


def has_token(place: Place, environ: Mapping[str, str]) -> bool:
    """Whether any variable names a token that may write."""
    return any(environ.get(name) for name in (OWN, f"{OWN}_FILE", _OF_CI[place.forge]))


def forge_token(place: Place, environ: Mapping[str, str]) -> Secret:
    """
    OFFERWRIGHT_FORGE_TOKEN or its file, else GITHUB_TOKEN or GITLAB_TOKEN.

    Raises:
        CredentialsRefused: there is none; the message says which one to set, and what it must be
            allowed to do.
    """
    usual = _OF_CI[place.forge]
    if environ.get(OWN) or environ.get(f"{OWN}_FILE"):
        return read_secret("forge", "token", environ)
    if environ.get(usual):
        return read_secret("forge", "token", {OWN: environ[usual]})
    if place.is_fork:
        raise CredentialsRefused(f"there is no token to comment with: {OF_A_FORK}")
    job = ""
    if place.forge == "gitlab" and environ.get(_OF_JOB):
        job = f" {_OF_JOB} is set, but it cannot write comments."
    raise CredentialsRefused(
        f"there is no token to comment on {FORGES[place.forge]} with: set {OWN}, or {OWN}_FILE to "
        f"a file that holds it, or {usual}.{job} {NEEDS[place.forge].capitalize()}"
    )
