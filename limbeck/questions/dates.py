"""Date understanding: something tells which day today is, and a day near it is asked for.

Every family is one way to tell it, every wording one template; the question that follows has its
own wordings in every split (`date_asks`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from limbeck.questions import date_calendar as calendar
from limbeck.questions import date_scenes as scenes
from limbeck.questions import date_written as figures
from limbeck.questions.date_asks import ask
from limbeck.questions.date_scenes import Scene
from limbeck.questions.english import answer_date, capital
from limbeck.questions.question import Made, QuestionSet, Split, Template, ending, templates_of

# A wording, and what its family's function must know about it.
Wordings = Mapping[str, tuple[str, int]]
Draw = Callable[[Random, int], Scene]

FAMILIES: dict[str, tuple[Draw, Wordings]] = {
    "given": (scenes.given, scenes.GIVEN),
    "neighbour": (scenes.neighbour, scenes.NEIGHBOUR),
    "countdown": (scenes.countdown, scenes.COUNTDOWN),
    "anniversary": (scenes.anniversary, scenes.ANNIVERSARY),
    "misread": (scenes.misread, scenes.MISREAD),
    "schedule": (scenes.schedule, scenes.SCHEDULE),
    "duration": (scenes.duration, scenes.DURATION),
    "chain": (scenes.chain, scenes.CHAIN),
    "boundary": (calendar.boundary, calendar.BOUNDARY),
    "day_of_year": (calendar.day_of_year, calendar.DAY_OF_YEAR),
    "weekday": (calendar.weekday, calendar.WEEKDAY),
    "next_weekday": (calendar.next_weekday, calendar.NEXT_WEEKDAY),
    "leap": (calendar.leap, calendar.LEAP),
    "written": (figures.written, figures.WRITTEN),
    "hours": (figures.hours, figures.HOURS),
}


def _maker(draw: Draw, wording: str, kind: int) -> Callable[[Random, Split], Made]:
    def make(rng: Random, split: Split) -> Made:
        scene = draw(rng, kind)
        asked = ask(rng, split, scene.today)
        target = answer_date(asked.answer)
        prompt = f"{capital(wording.format(**scene.slots))} {asked.sentence}"
        return Made(prompt, target, ending([*scene.steps, *asked.steps], target))

    return make


def _templates() -> tuple[Template, ...]:
    return tuple(
        template
        for family, (draw, wordings) in FAMILIES.items()
        for template in templates_of(
            "dates",
            family,
            {name: _maker(draw, text, kind) for name, (text, kind) in wordings.items()},
        )
    )


DATES = QuestionSet(
    "dates", "which date it is, was or will be, as MM/DD/YYYY", "date", _templates()
)
