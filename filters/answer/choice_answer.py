"""The option that a completion chooses, by its letter or by its text."""

from __future__ import annotations

from limbeck.filters.answer.choice import Options, letters
from limbeck.filters.answer.decide import decide
from limbeck.filters.answer.option_text import option_in
from limbeck.filters.answer.said import Said, last_said


def find(whole: Said, options: Options) -> tuple[str | None, str]:
    """The letter, or the letter of the option whose text is given; both must agree.

    Else None and the problem: one of decide's, or "conflict".
    """
    for _ in range(8):
        made = decide(whole, letters, str.__eq__)
        if made.problem and made.problem != "none":
            return None, made.problem
        line = whole.answer if whole.marked else whole.text.rstrip().rpartition("\n")[2]
        by_text = option_in(line, options, marked=whole.marked or made.value is not None)
        letter = made.value
        if letter is None:
            letter = by_text
        elif not options.has(letter):
            return None, "none"
        elif by_text is not None and by_text != letter:
            return None, "conflict"
        if letter is not None:
            return letter, ""
        if not whole.closed:
            break
        whole = last_said(whole.before, letters=True)  # a boxed formula is no option
        if whole.problem:
            return None, whole.problem
    return None, "none"
