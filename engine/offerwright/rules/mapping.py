"""Mapping documents → what one account's listings say."""

from __future__ import annotations

from collections.abc import Sequence

from offerwright.errors import Span
from offerwright.expressions.cells import Words
from offerwright.expressions.parse import Refusal
from offerwright.expressions.syntax import Typed
from offerwright.expressions.templates import Template, parse_template
from offerwright.expressions.types import TEXT
from offerwright.expressions.typing import Scope
from offerwright.rules.content_plan import ImageBounds, attribute_form, image_bounds
from offerwright.rules.mapping_document import Attribute, MappingDocument
from offerwright.rules.plan import AttributePlan, MappingPlan, TitlePlan
from offerwright.rules.rows import Findings
from offerwright.rules.tables import Setting, compile_expression, compile_table
from offerwright.source.located import Loaded, Path


def compile_mapping(
    documents: Sequence[tuple[int, Loaded[MappingDocument]]],
    scope: Scope,
    words: Words,
    findings: Findings,
) -> tuple[MappingPlan, ...]:
    """One plan for every document that applies, wider first."""
    return tuple(
        _one(number, loaded.document, Setting(loaded, scope, words, findings))
        for number, loaded in documents
    )


def _one(number: int, document: MappingDocument, setting: Setting) -> MappingPlan:
    category = None
    if document.category is not None:
        label = f"{setting.loaded.name}/category"
        places = {"category": TEXT, "block": TEXT}
        category = compile_table(document.category, ("category",), setting, label, places)
    attributes = (
        _attribute(name, attribute, setting) for name, attribute in document.attributes.items()
    )
    return MappingPlan(
        document=number,
        category=category,
        attributes=tuple(a for a in attributes if a is not None),
        title=_title(document, setting),
        description=_description(document, setting),
        images=_images(document, setting),
    )


def _attribute(name: str, attribute: Attribute, setting: Setting) -> AttributePlan | None:
    path: Path = ("attributes", name)
    span = setting.loaded.located.key(path)
    source: Typed | Template | str | None = attribute.value
    if attribute.from_ is not None:
        fact = _fact(attribute.from_, (*path, "from"), setting)
        if fact is not None:
            _check_attribute(attribute, fact, path, setting)
        source = fact
    elif attribute.text is not None:
        source = _template(attribute.text, (*path, "text"), setting)
    return None if source is None else AttributePlan(name, span, source, attribute_form(attribute))


def _check_attribute(attribute: Attribute, source: Typed, path: Path, setting: Setting) -> None:
    type_ = source.type
    if type_.name in ("list", "map", "money", "datetime", "duration"):
        setting.say("WRONG_TYPE", (*path, "from"), f"an attribute cannot be made of {type_}",
                    "derive a fact of another type")  # fmt: skip
    if attribute.table is not None and not type_.is_text:
        setting.say("WRONG_TYPE", (*path, "table"), f"a table maps words, and this is {type_}")
    if attribute.to is not None and type_.name not in ("weight", "length"):
        setting.say("WRONG_TYPE", (*path, "to"), f"`to` converts weights and lengths, not {type_}")
    if attribute.to is not None and (attribute.to in ("kg", "g")) != (type_.name == "weight"):
        setting.say("WRONG_TYPE", (*path, "to"), f"{attribute.to} is no unit of {type_}")


def _fact(name: str, path: Path, setting: Setting) -> Typed | None:
    return compile_expression(name, setting.loaded.located.at(path), setting.scope,
                              setting.findings)  # fmt: skip


def _template(source: str, path: Path, setting: Setting) -> Template | None:
    parsed = parse_template(source, setting.scope.types)
    if isinstance(parsed, Refusal):
        setting.say("WRONG_TEMPLATE", path, parsed.message, parsed.hint)
        return None
    return parsed


def _title(document: MappingDocument, setting: Setting) -> TitlePlan | None:
    title = document.title
    if title is None:
        return None
    templates = (
        _template(source, ("title", "try", index), setting)
        for index, source in enumerate(title.try_)
    )
    return TitlePlan(
        span=setting.loaded.located.key(("title",)),
        templates=tuple(t for t in templates if t is not None),
        max=title.max,
        count=title.count,
        forbid=tuple(title.forbid),
        cut=title.cut,
    )


def _description(document: MappingDocument, setting: Setting) -> tuple[Template, int, Span] | None:
    description = document.description
    if description is None:
        return None
    template = _template(description.text, ("description", "text"), setting)
    span = setting.loaded.located.key(("description",))
    return None if template is None else (template, description.max, span)


def _images(document: MappingDocument, setting: Setting) -> tuple[Typed, ImageBounds, Span] | None:
    images = document.images
    if images is None:
        return None
    source = _fact(images.from_, ("images", "from"), setting)
    if source is None:
        return None
    if source.type.name != "list":
        setting.say("WRONG_TYPE", ("images", "from"),
                    f"`{images.from_}` is {source.type}; a list of text stands here")  # fmt: skip
        return None
    return source, image_bounds(images), setting.loaded.located.key(("images",))
