"""The comments beside fields, as their documentation: an extension of griffe, which reads the code
for the site.

A field of a class is explained by the comment behind it or above it. The site lists these under the
class's docstring. Public classes and functions of the pages in docs/reference that say nothing
about themselves are warned about, and the build fails on a warning.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import tokenize
from pathlib import Path
from typing import Any

import griffe

# MkDocs counts the warnings of its own loggers: with --strict one of them fails the build.
log = logging.getLogger("mkdocs.plugins.field_comments")

PAGES = Path(__file__).resolve().parents[1] / "docs" / "reference"
DIRECTIVE = re.compile(r"#\s*(noqa|type:|fmt:|pragma|mypy:|----)")
WRAPPED = 5  # lines of an assignment that has one value
Comments = dict[int, tuple[bool, str]]  # by line: whether it has the line to itself, and its text


class FieldComments(griffe.Extension):
    """Documents every class and constant of the packages that are loaded."""

    def on_package(self, *, pkg: griffe.Module, loader: griffe.GriffeLoader, **_: Any) -> None:
        document(pkg)
        for name in shown():
            # What is not there at all is reported by the page that shows it.
            with contextlib.suppress(KeyError):
                warn_of_silence(loader.modules_collection[name])


def shown() -> list[str]:
    """The modules that have a place in the pages."""
    texts = [page.read_text("utf-8") for page in sorted(PAGES.glob("*.md"))]
    return re.findall(r"^::: (\S+)", "\n".join(texts), re.MULTILINE)


def document(module: griffe.Module) -> None:
    comments = comments_of("\n".join(module.lines))
    for member in module.members.values():
        if member.is_alias:
            continue
        if member.is_module:
            document(member)
        elif member.is_class:
            add_fields(member, comments)
        elif member.is_attribute and not member.docstring:
            add_comment(member, comments)


def comments_of(source: str) -> Comments:
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not DIRECTIVE.match(token.string):
            alone = not token.line[: token.start[1]].strip()
            found[token.start[0]] = alone, token.string.lstrip("# ").rstrip()
    return found


def explanation(thing: griffe.Object, comments: Comments) -> str:
    """The comments of an assignment: the block above it, then what stands beside it."""
    first, last = thing.lineno, thing.endlineno
    top = first
    while comments.get(top - 1, (False, ""))[0]:
        top -= 1
    above = " ".join(comments[line][1] for line in range(top, first))
    # The comments inside a long table are about its rows.
    beside = range(first, last + 1) if last - first < WRAPPED else ()
    text = " ".join(comments[line][1] for line in beside if line in comments)
    if above and text:
        return f"{above} {text[0].upper()}{text[1:]}"
    return above or text


def add_comment(constant: griffe.Attribute, comments: Comments) -> None:
    """A constant is shown if a comment says what it is."""
    if text := explanation(constant, comments):
        constant.docstring = griffe.Docstring(text[0].upper() + text[1:], parent=constant)


def add_fields(cls: griffe.Class, comments: Comments) -> None:
    """Put the fields into the docstring of their class.

    Without one of their own they are shown nowhere else.
    """
    found = [
        member
        for member in cls.members.values()
        if member.is_attribute and member.is_public and not member.docstring
        and "property" not in member.labels
    ]  # fmt: skip
    explained = [(field, explanation(field, comments)) for field in found]
    table = [
        griffe.DocstringAttribute(field.name, annotation=field.annotation, description=text)
        for field, text in explained
        if text or ("instance-attribute" in field.labels and "dataclass" in cls.labels)
    ]
    if not table:
        return
    docstring = cls.docstring or griffe.Docstring("", parent=cls)
    text = [griffe.DocstringSectionText(docstring.value)] if docstring.value else []
    # griffe keeps under this name what it has parsed, and does not parse it again.
    docstring.__dict__["parsed"] = [
        *text,
        griffe.DocstringSectionAttributes(table, title="Fields:"),
    ]
    cls.docstring = docstring
    # The list has the types already; the signature keeps the order and the defaults.
    if "dataclass" in cls.labels and "__init__" in cls.members:
        for parameter in cls.members["__init__"].parameters:
            parameter.annotation = None
        cls.members["__init__"].returns = None


def warn_of_silence(thing: griffe.Object) -> None:
    """A warning for each public class, function and property that the pages leave out for want of a
    docstring.
    """
    for name, member in thing.members.items():
        if member.is_alias or member.is_module or name.startswith("_"):
            continue
        if not member.docstring and (not member.is_attribute or "property" in member.labels):
            place = f"{member.relative_filepath}:{member.lineno}"
            log.warning("%s has no docstring (%s)", member.path, place)
        if member.is_class:
            warn_of_silence(member)
