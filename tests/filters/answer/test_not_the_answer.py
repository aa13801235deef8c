"""What is said around a value by which it is not the answer, for every kind."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import Kind, check

NUMBERS = [
    "80 is too high.",
    "The answer is half of 80.",
    "The answer is twice 80.",
    "The answer is 80 more than 5.",
    "The answer is between 78 and 80.",
    "The answer is between 80 and a hundred.",
    "Answer: 80 (wrong), 81 (right)",
    "Answer: unknown (80?)",
    "Answer: 80. Update: 81",
    "The wrong answer is 80.",
    "La respuesta incorrecta es 80.",
    "Die falsche Antwort ist 80.",
    "81, although some would say 80.",
    "Answer: 81. Many people say 80.",
    "I can't work this out. Perhaps 80.",
    "Antwort: nicht ganz 80",
    "Respuesta: 80 menos 2",
    "答案：80多",
    "80 for adults, 60 for children",
    "60 for adults, 80 for children",
]
OPTIONS = [
    "D: incorrect",
    "D ✗",
    "D can be ruled out.",
    "Although D is tempting, it's C.",
    "Nicht D, sondern C.",
    "No D, sino C.",
    "Pas D mais C.",
    "Не D, а C.",
    "不选D，选C。",
    "Option D is what many people choose, but it is C.",
]
YESNO = ["Yes/No", "Yes for adults, no for kids.", "Yes, in summer; no, in winter.", "yes ❌"]
DATES = [
    "no el 6 de mayo de 2021",
    "nicht der 6. Mai 2021",
    "antes del 6 de mayo de 2021",
    "nach dem 6. Mai 2021",
    "до 6 мая 2021",
    "between May 6, 2021 and June",
    "6 мая 2021 года (среда)",
]
TEXTS = [
    "Answer: Quito. No, Lima.",
    "Answer: Quito... actually Lima",
    "Answer: Quito. Make that Lima.",
]


@pytest.mark.parametrize(
    ("completion", "target", "kind"),
    [
        *((text, "80", "number") for text in NUMBERS),
        *((text, "D", "choice") for text in OPTIONS),
        *((text, word, "yesno") for text in YESNO for word in ("yes", "no")),
        *((text, "05/06/2021", "date") for text in DATES),
        *((text, "Quito", "text") for text in TEXTS),
    ],
)
def test_it_is_not_correct(completion: str, target: str, kind: Kind) -> None:
    assert check(completion, target, kind).status != "correct"


@pytest.mark.parametrize(
    ("completion", "target", "kind"),
    [
        ("81 is too high. The answer is 80.", "80", "number"),
        ("Some would say 81, but the answer is 80.", "80", "number"),
        ("Half of 160 is 80.", "80", "number"),
        ("The answer is 80, twice 40.", "80", "number"),
        ("80 of the 90 seats are taken.", "80", "number"),
        ("80 seats out of 90 are taken.", "80", "number"),
        ("So 80 remain. (There were 90 at first.)", "80", "number"),
        ("Elijo la D.", "D", "choice"),
        ("La A no puede ser. Queda la D.", "D", "choice"),
        ("C? No, D.", "D", "choice"),
        ("不选C，选D。", "D", "choice"),
        ("6 мая 2021 года (четверг)", "05/06/2021", "date"),
        ("Answer: Lima. No, Quito.", "Quito", "text"),
        ("Answer: Quito. Yes, that is right.", "Quito", "text"),
        ("Answer: 4, 5 and 6, but not 7", "4, 5, 6", "list"),
        ("Answer: 4, 5, 6 (in any order)", "6, 5, 4", "list"),
    ],
)
def test_the_answer_beside_it_is(completion: str, target: str, kind: Kind) -> None:
    assert check(completion, target, kind).status == "correct"
