"""The texts under the fields of a model, as schemas show them."""

from __future__ import annotations

from offerwright.source.document import Model
from offerwright.source.field_docs import field_docs


class Wide(Model):
    kept: str
    """Kept as
    it stands."""
    silent: str
    told: str
    """Told once."""


class Narrow(Wide):
    told: str
    own: str
    """Its own."""


def test_a_field_has_the_text_under_it() -> None:
    assert field_docs(Wide) == {"kept": "Kept as\nit stands.", "told": "Told once."}


def test_a_field_that_is_redefined_has_its_own_text_or_none() -> None:
    assert field_docs(Narrow) == {"kept": "Kept as\nit stands.", "own": "Its own."}


def test_a_model_that_a_function_makes_has_its_texts() -> None:
    class Inner(Model):
        one: int
        """Of a function."""

    assert field_docs(Inner) == {"one": "Of a function."}
