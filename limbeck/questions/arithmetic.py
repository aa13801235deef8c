"""Arithmetic: word problems of two to six steps with exact answers.

A family is one chain of operations; its wordings are different stories around it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from limbeck.questions import stories_money as money
from limbeck.questions import stories_things as things
from limbeck.questions.english import capital, decimal
from limbeck.questions.question import Made, QuestionSet, Split, Template, ending, templates_of
from limbeck.questions.story import Told

Tell = Callable[[Random], Told]

FAMILIES: dict[str, tuple[Tell, Mapping[str, str]]] = {
    "give_away": (things.give_away, things.GIVE_AWAY),
    "share": (things.share, things.SHARE),
    "pages": (things.pages, things.PAGES),
    "compare": (things.compare, things.COMPARE),
    "scale": (things.scale, things.SCALE),
    "fractions": (things.fractions, things.FRACTIONS),
    "older": (things.older, things.OLDER),
    "come_and_go": (things.come_and_go, things.COME_AND_GO),
    "travel": (things.travel, things.TRAVEL),
    "change": (money.change, money.CHANGE),
    "wages": (money.wages, money.WAGES),
    "saving": (money.saving, money.SAVING),
    "discount": (money.discount, money.DISCOUNT),
    "profit": (money.profit, money.PROFIT),
    "trip": (money.trip, money.TRIP),
}


def _maker(tell: Tell, wording: str) -> Callable[[Random, Split], Made]:
    def make(rng: Random, _: Split) -> Made:
        told = tell(rng)
        target = decimal(told.answer)
        prompt = capital(wording.format(**told.slots))
        return Made(prompt, target, ending(told.working.steps, target))

    return make


def _templates() -> tuple[Template, ...]:
    return tuple(
        template
        for family, (tell, wordings) in FAMILIES.items()
        for template in templates_of(
            "arithmetic", family, {name: _maker(tell, text) for name, text in wordings.items()}
        )
    )


ARITHMETIC = QuestionSet(
    "arithmetic",
    "word problems of two to six steps, with numbers and money",
    "number",
    _templates(),
)
