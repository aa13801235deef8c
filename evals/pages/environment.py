"""The templates of pages. Every text is data: Jinja escapes each expression, and `finalize` makes
control characters visible first, so that a template cannot forget either."""

from __future__ import annotations

from functools import cache

import jinja2
from markupsafe import Markup

from limbeck.evals.pages import endings, giveaway, wording


@cache
def environment() -> jinja2.Environment:
    # The template's name ends in .j2, so select_autoescape would not know it for HTML.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("limbeck.evals.pages", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["wording"] = wording
    environment.globals["giveaway"] = giveaway
    environment.globals["kinds"] = endings.KINDS
    return environment


def _finalize(value: object) -> object:
    """Applied by Jinja to every expression before it is escaped."""
    return value if isinstance(value, Markup | jinja2.Undefined) else wording.visible(value)
