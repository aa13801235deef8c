"""check, canonical, consistent: is the answer of a completion the target?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from limbeck.errors import MissingExtra, UserError
from limbeck.filters.answer import (
    choice,
    choice_answer,
    dates,
    lists,
    math_answer,
    moment,
    quantities,
    quantity,
    text,
    text_answer,
    yesno,
)
from limbeck.filters.answer.clock import spelled
from limbeck.filters.answer.day_first import announced
from limbeck.filters.answer.decide import decide
from limbeck.filters.answer.kinds import KINDS, Kind, kind_of
from limbeck.filters.answer.neighbours import without_neighbour
from limbeck.filters.answer.phrases import sentences
from limbeck.filters.answer.plain import cited, plain, visible
from limbeck.filters.answer.said import Said, said
from limbeck.filters.answer.small_letters import as_options
from limbeck.filters.answer.stretch import Decision, Find, Same
from limbeck.filters.answer.units import Unit

Status = Literal["correct", "wrong", "unparseable"]

# several answers, or less than one, are wrong; what cannot be read is unparseable
_WRONG = ("hedge", "bound")


@dataclass(frozen=True, slots=True)
class AnswerCheck:
    """Whether an answer is right.

    `answer` is the answer found as canonical text, None where there is none. `reason` opens with
    a short stable word: "equal", "different", "hedge", "bound", "none", "truncated", "retracted",
    "expression", "conflict", "unread", "timeout"; detail may follow after a colon.
    """

    status: Status
    answer: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Found:
    """A typed answer and its text, or the problem."""

    value: Any
    shown: str | None
    problem: str = ""


def check(
    completion: str, target: str, kind: Kind = "auto", *, options: Sequence[str] | None = None
) -> AnswerCheck:
    """Whether the last asserted answer of a completion is the target.

    `options` are the texts of a multiple choice question, in order. Raises UserError for an
    unknown kind or a target that cannot be read as its kind, MissingExtra where a mathematical
    answer needs math-verify.
    """
    kind = kind_of(target, options) if kind == "auto" else kind
    if kind == "math":
        return _check_math(completion, target)
    if kind == "text":
        return _check_text(completion, target)
    known = choice.Options(options)
    wanted = _read_target(target, kind, known)
    found = _find(completion, kind, known, wanted)
    if found.problem:
        status: Status = "wrong" if found.problem in _WRONG else "unparseable"
        return AnswerCheck(status, found.shown, found.problem)
    if _same(kind)(wanted, found.value):
        return AnswerCheck("correct", found.shown, "equal")
    return AnswerCheck("wrong", found.shown, f"different: the target is {target!r}")


def canonical(completion: str, kind: Kind, options: Sequence[str] | None = None) -> str | None:
    """The answer of a completion as one text that equal answers share; None without one.

    `kind` "auto" takes the answer's own text for the target it would be. Raises UserError for an
    unknown kind, MissingExtra as `check` does.
    """
    if kind == "auto":
        candidate = text_answer.candidates(said(completion))
        if not candidate:
            return None
        kind = kind_of(candidate[0], options)
    _known_kind(kind)
    if kind == "math":
        expression, problem = math_answer.find(said(completion))
        return None if problem or expression is None else math_answer.canonical(expression)
    if kind == "text":
        candidates, problem = text_answer.find(said(completion))
        return None if problem or not candidates else text.normal(candidates[-1])
    return _find(completion, kind, choice.Options(options), None).shown


def consistent(
    rationale: str, answer: str, kind: Kind = "auto", *, options: Sequence[str] | None = None
) -> bool | None:
    """Whether what a rationale concludes is the answer; None when it concludes nothing.

    A rationale is written on the way to an answer and may end on another number ("so 12 are left
    after 3 days"): where nothing is marked, a last sentence that has the answer among others is
    no contradiction, and None too. A text or a list could be any sentence: there only a marked
    conclusion contradicts. None for an answer that cannot be read as its kind. Raises UserError
    for an unknown kind, MissingExtra as `check` does.
    """
    kind = kind_of(answer, options) if kind == "auto" else kind
    _known_kind(kind)
    try:
        made = check(rationale, answer, kind, options=options)
    except MissingExtra:
        raise
    except UserError:  # a canonical form is not always read back: "--01-03" is any year's
        return None
    if made.status == "correct":
        return True
    if made.status != "wrong" or (made.answer is None and made.reason != "hedge"):
        return None
    if kind in ("text", "list"):
        return False if _ends_marked(rationale) else None
    return None if _ends_on(rationale, answer, kind) else False


def _ends_marked(rationale: str) -> bool:
    """Whether a rationale ends on a marked answer: "The answer is found so. We add." goes on."""
    whole = said(rationale)
    if whole.style != "phrase":
        return whole.marked
    return len(list(filter(str.strip, sentences(plain(whole.answer + whole.rest))))) < 2


def _ends_on(rationale: str, answer: str, kind: Kind) -> bool:
    """Whether the last sentence of an unmarked rationale has the answer among other numbers."""
    whole = said(rationale)
    if whole.marked or kind not in ("number", "date"):
        return False
    wanted = _read_target(answer, kind, choice.Options(None))
    sentence = next(filter(str.strip, reversed(sentences(plain(whole.text)))), "")
    found: list[Any] = (
        list(quantities.quantities(sentence))
        if kind == "number"
        else list(dates.moments(sentence, wanted.sort))
    )
    return any(_same(kind)(wanted, candidate.value) for candidate in found)


def _known_kind(kind: str) -> None:
    if kind not in KINDS:
        raise UserError(f"the kind must be one of {', '.join(KINDS)}, got {kind!r}")


def _read_target(target: str, kind: Kind, options: choice.Options) -> Any:
    _known_kind(kind)
    if kind == "number":
        plainly = plain(visible(target)).strip().rstrip(".")
        found = quantities.quantities(plainly, items=False)
        if (
            len(found) != 1
            or found[0].start
            or found[0].end < len(plainly)
            or found[0].value.several
        ):
            raise UserError(
                f"the target {cited(target)} is not one number: write digits, as in '1234.5'"
            )
        return found[0].value
    if kind == "choice":
        return choice.read_target(target, options)
    if kind == "yesno":
        return yesno.read_target(target)
    if kind == "date":
        return dates.read_target(target)
    return lists.read_target(target)


def _find(completion: str, kind: Kind, options: choice.Options, wanted: Any) -> _Found:
    whole = said(completion, letters=kind == "choice")
    if whole.problem:
        return _Found(None, None, whole.problem)
    if kind == "list":
        items, problem = lists.find(_plainly(whole, braces=True), wanted)
        if items is None or not items.items:
            return _Found(None, None, problem or "none")
        return _Found(items, lists.canonical(items))
    if kind == "choice":
        letter, problem = choice_answer.find(_plainly(_mapped(whole, as_options)), options)
        return _Found(letter, letter, problem)
    sort = wanted.sort if kind == "date" and wanted is not None else None
    if kind == "number" and not whole.marked:
        whole = _mapped(whole, without_neighbour)
    plainly = _plainly(whole)
    if sort == "duration" or (kind == "number" and wanted and _is_time(wanted.unit)):
        plainly = _mapped(plainly, spelled)

    day_first = kind == "date" and announced(whole)

    sorts: list[moment.Sort | None] = [sort]
    if sort is not None:  # "July 2021" where a day is asked for is wrong rather than no answer
        sorts += [None] if whole.marked else dates.LESS_THAN.get(sort, ())
    for asked in sorts:
        find = _finder(kind, asked, day_first)
        made = decide(plainly, find, _same(kind), no_is_answer=kind == "yesno")
        if made.problem != "none":
            break
    return _made(made, kind)


def _finder(kind: Kind, sort: moment.Sort | None, day_first: bool) -> Find[Any]:
    def find(stretch: str, expected: bool) -> list[Any]:
        if kind == "number":
            return list(quantities.quantities(stretch, items=not expected))
        if kind == "yesno":
            return list(yesno.answers(stretch, expected))
        found = dates.moments(stretch, sort, day_first=day_first)
        return [each for each in found if not dates.is_reference(stretch, each.start)]

    return find


def _is_time(unit: Unit | None) -> bool:
    return unit is not None and unit.dimension in ("time", "months")


def _made(made: Decision[Any], kind: Kind) -> _Found:
    if made.value is None:
        return _Found(None, None, made.problem)
    if kind == "yesno":
        return _Found(made.value, "yes" if made.value else "no")
    return _Found(made.value, (quantity if kind == "number" else moment).shown(made.value))


def _same(kind: Kind) -> Same[Any]:
    if kind == "number":
        return quantity.same
    if kind == "date":
        return moment.same
    return lists.equal if kind == "list" else lambda one, other: bool(one == other)


def _plainly(whole: Said, *, braces: bool = False) -> Said:
    def each(stretch: str) -> str:
        return plain(lists.keep_braces(stretch) if braces else stretch)

    return _mapped(whole, each)


def _mapped(whole: Said, change: Any) -> Said:
    return replace(
        whole,
        text=change(whole.text) if not whole.marked else whole.text,
        answer=change(whole.answer),
        rest=change(whole.rest),
        several=tuple(map(change, whole.several)),
    )


def _check_text(completion: str, target: str) -> AnswerCheck:
    wanted = text.normal(target)
    if not wanted:
        raise UserError(f"the target {cited(target)} is empty: there is nothing to compare with")
    candidates, problem = text_answer.find(said(completion))
    if problem:
        return AnswerCheck("wrong" if problem == "hedge" else "unparseable", None, problem)
    if not candidates:
        return AnswerCheck("unparseable", None, "none")
    for candidate in candidates:
        if text.normal(candidate) == wanted:
            return AnswerCheck("correct", wanted, "equal")
    answer = text.normal(candidates[-1])
    return AnswerCheck("wrong", answer, f"different: the target is {target!r}")


def _check_math(completion: str, target: str) -> AnswerCheck:
    wanted = math_answer.check_target(target)
    whole = said(completion)
    if whole.problem:
        return AnswerCheck("unparseable", None, whole.problem)
    found, problem = math_answer.find(whole)
    if found is None:
        return AnswerCheck("wrong" if problem in _WRONG else "unparseable", None, problem)
    right, problem = math_answer.equal(wanted, found)
    if problem:
        return AnswerCheck("unparseable", found, problem)
    if right:
        return AnswerCheck("correct", found, "equal")
    return AnswerCheck("wrong", found, f"different: the target is {target!r}")
