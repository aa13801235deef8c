"""The templates of pages. Every text is data: Jinja escapes each expression, and `finalize` makes
control characters visible first, so that a template cannot forget either."""

from __future__ import annotations

from functools import cache

import jinja2
from markupsafe import Markup

from limbeck.evals.pages import endings, giveaway, wording


@cache
def environment() -> jinja2.Environment:
    """That of the report's page and of curves."""
    made = templates("limbeck.evals.pages")
    made.globals["giveaway"] = giveaway
    made.globals["kinds"] = endings.KINDS
    return made


def templates(*packages: str) -> jinja2.Environment:
    """The templates of several packages; the first that has one of a name gives it."""
    # A template's name ends in .j2, so select_autoescape would not know it for HTML.
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(name, "templates") for name in packages]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["wording"] = wording
    return made


def _finalize(value: object) -> object:
    """Applied by Jinja to every expression before it is escaped."""
    return value if isinstance(value, Markup | jinja2.Undefined) else wording.visible(value)
