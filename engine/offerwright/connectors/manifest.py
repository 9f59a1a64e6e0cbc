"""`marketplaces/<name>/connector.yaml` → the checked connector document."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from offerwright.connectors.document import ConnectorDocument
from offerwright.errors import ConfigError, Diagnostic
from offerwright.source.document import Document
from offerwright.source.located import Located
from offerwright.source.yaml import read_yaml

D = TypeVar("D", bound=Document)


def read_connector(path: Path) -> ConnectorDocument:
    """The connector document of one file.

    Raises:
        ConfigError: it cannot be read or does not fit the model; every finding has its place.
    """
    return read_manifest(path, ConnectorDocument)


def read_manifest(path: Path, model: type[D]) -> D:
    """One YAML file as a document of the given model."""
    try:
        text = path.read_bytes()
    except OSError as exc:
        message = f"{path.name} cannot be read ({type(exc).__name__})"
        raise ConfigError([Diagnostic("MANIFEST_UNREADABLE", message)]) from exc
    located, found = read_yaml(text, f"{path.parent.name}/{path.name}")
    if located is None:
        raise ConfigError(found)
    try:
        return model.model_validate(located.data)
    except ValidationError as exc:
        raise ConfigError(_diagnostics(exc, located)) from exc


def _diagnostics(exc: ValidationError, located: Located) -> list[Diagnostic]:
    return [
        Diagnostic("MANIFEST_INVALID", _sentence(error), located.at(_known(error["loc"], located)))
        for error in exc.errors(include_url=False)
    ]


def _sentence(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the document"
    return f"{where}: {error['msg']}"


def _known(loc: tuple[int | str, ...], located: Located) -> tuple[int | str, ...]:
    # A union's branch stands in pydantic's path but not in the file.
    path: tuple[int | str, ...] = ()
    for part in loc:
        if (*path, part) in located.values:
            path = (*path, part)
    return path
