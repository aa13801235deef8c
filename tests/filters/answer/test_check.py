"""What holds for every kind: kinds from targets, reasons, robustness, linear time."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.filters.answer import KINDS, Kind, canonical, check, kind_of

TARGETS: dict[Kind, str] = {
    "number": "12",
    "choice": "B",
    "yesno": "no",
    "text": "Paris",
    "date": "05/01/2019",
    "list": "1, 2, 3",
}


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("12", "number"),
        ("-1,234.5", "number"),
        ("$12", "number"),
        ("12 km", "number"),
        ("25%", "number"),
        ("3/4", "number"),
        ("1e-10", "number"),
        ("twelve", "number"),
        ("(B)", "choice"),
        ("B", "choice"),
        ("B.", "choice"),
        ("yes", "yesno"),
        ("No", "yesno"),
        ("True", "yesno"),
        ("05/01/2019", "date"),
        ("2019-05-01", "date"),
        ("May 1, 2019", "date"),
        ("3:30 PM", "date"),
        ("15:30", "date"),
        ("[a, b]", "list"),
        ("{1, 2}", "list"),
        ("1, 2, 3", "list"),
        ("1, 2", "list"),
        ("red, green, blue", "list"),
        ("(1, 2)", "math"),
        ("x^2", "math"),
        ("\\sqrt{2}", "math"),
        ("x = 5", "math"),
        ("Paris", "text"),
        ("Paris, France", "text"),
        ("St. Louis", "text"),
        ("nk", "text"),
        ("a", "text"),
        ("北京", "text"),
    ],
)
def test_a_targets_kind_is_taken_from_its_form(target: str, kind: str) -> None:
    assert kind_of(target) == kind


def test_options_make_a_choice() -> None:
    assert kind_of("Paris", ["London", "Paris"]) == "choice"
    assert check("Paris", "B", options=["London", "Paris"]).status == "correct"


@pytest.mark.parametrize(
    ("completion", "target", "status", "answer", "reason"),
    [
        ("The answer is 12.0 km.", "12", "correct", "12", "equal"),
        ("The answer is 13.", "12", "wrong", "13", "different: the target is '12'"),
        ("The answer is 12 or 13.", "12", "wrong", None, "hedge"),
        ("The answer is at least 12.", "12", "wrong", None, "bound"),
        ("The answer is", "12", "unparseable", None, "truncated"),
        ("Who knows?", "12", "unparseable", None, "none"),
        ("The answer is 5 + 7.", "12", "unparseable", None, "expression"),
        ("The answer is 12. Wait, that is wrong.", "12", "unparseable", None, "retracted"),
        ("The answer is 1 May 2019", "05/01/2019", "correct", "2019-05-01", "equal"),
        ("(C)", "(B)", "wrong", "C", "different: the target is '(B)'"),
    ],
)
def test_a_check_says_what_it_found_and_why(
    completion: str, target: str, status: str, answer: str | None, reason: str
) -> None:
    made = check(completion, target)
    assert (made.status, made.answer, made.reason) == (status, answer, reason)


def test_an_unknown_kind_is_the_users_error() -> None:
    with pytest.raises(UserError, match=r"the kind must be one of auto, number.*got 'numbr'"):
        check("12", "12", "numbr")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="the kind must be one of"):
        canonical("12", "numbr")  # type: ignore[arg-type]


@pytest.mark.parametrize("target", ["", "Paris", "12 or 13", "1, 2", "±5", "12 = 12", "\\frac{"])
def test_a_target_that_is_not_one_number_is_the_users_error(target: str) -> None:
    with pytest.raises(UserError, match="is not one number"):
        check("12", target, "number")


# properties

NUMBERS = st.integers(-(10**30), 10**30)


def rendered(number: int, form: int) -> str:
    texts = [
        str(number),
        f"{number:,}",
        f"{number:,}".replace(",", " "),
        f"{number:_}",
        f"{number}.0",
        f"\\boxed{{{number}}}",
        f"**{number}**",
        f"${number}$",
        str(number).replace("-", "−"),
        str(number).translate({48 + digit: 0x660 + digit for digit in range(10)}),
        str(number).translate({48 + digit: 0xFF10 + digit for digit in range(10)}),
        f"{number} apples",
    ]
    return texts[form % len(texts)]


@given(NUMBERS, st.integers(0, 11), st.integers(0, 11))
@settings(deadline=None)
def test_every_rendering_of_an_integer_is_that_integer(number: int, one: int, other: int) -> None:
    assert (
        check(f"The answer is {rendered(number, one)}.", str(number), "number").status == "correct"
    )
    assert check(rendered(number, other), str(number), "number").status == "correct"


@given(NUMBERS, NUMBERS, st.integers(0, 11))
@settings(deadline=None)
def test_another_integer_is_wrong(number: int, found: int, form: int) -> None:
    status = check(f"The answer is {rendered(found, form)}.", str(number), "number").status
    assert (status == "correct") is (number == found)


@given(st.decimals(-1000, 1000, places=6, allow_nan=False), st.integers(-200, 200))
@settings(deadline=None)
def test_a_decimal_is_right_within_a_relative_ten_thousandth(value: Decimal, off: int) -> None:
    found = value * (1 + Decimal(off) / 1_000_000)
    target, answer = Fraction(value), Fraction(f"{found:f}")
    right = target == answer or (
        target.denominator > 1 and abs(answer - target) <= abs(target) / 10_000
    )
    assert (check(f"#### {found:f}", f"{value:f}", "number").status == "correct") is right


@given(st.fractions(-50, 50, max_denominator=999).filter(lambda value: value.denominator > 1))
@settings(deadline=None)
def test_a_fraction_is_itself_in_every_form(value: Fraction) -> None:
    top, bottom = value.numerator, value.denominator
    sign = "-" if top < 0 else ""
    whole, rest = divmod(abs(top), bottom)
    forms = [f"{top}/{bottom}", f"{sign}\\frac{{{abs(top)}}}{{{bottom}}}"]
    if whole:
        forms.append(f"{sign}{whole} {rest}/{bottom}")
    for form in forms:
        assert check(f"The answer is {form}.", f"{top}/{bottom}", "number").status == "correct"


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_a_check(text: str) -> None:
    for kind, target in TARGETS.items():
        assert check(text, target, kind).status in ("correct", "wrong", "unparseable")
        canonical(text, kind)


PIECES = st.lists(
    st.sampled_from(
        [
            "The answer is ", "12", "13", " or ", "\n", "Wait, ", "\\boxed{", "}", "$",
            "A", " (B) ", ".", "yes", "no", " --> ", "####", "Q: ", "<think>", "</think>",
            ", ", "05/01/2019", '{"answer": ', "-", "not ", "May 1", " = ", "+", "1/",
            "**", "é", "十", "[", "]", ":",
        ]
    ),
    max_size=14,
)  # fmt: skip


@given(PIECES)
@settings(max_examples=400, deadline=None)
def test_no_mixture_of_marks_breaks_a_check(pieces: list[str]) -> None:
    text = "".join(pieces)
    for kind, target in TARGETS.items():
        made = check(text, target, kind)
        assert made == check(text, target, kind)
        assert (made.status == "correct") <= (made.answer is not None)


@given(st.text(st.characters(codec="utf-8"), max_size=80))
@settings(deadline=None)
def test_the_unicode_form_of_a_completion_does_not_matter(text: str) -> None:
    for kind, target in TARGETS.items():
        composed, taken_apart = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
        assert check(composed, target, kind) == check(taken_apart, target, kind)


@pytest.mark.parametrize("length", [5_000, 20_000, 1_000_000])
def test_integers_of_any_length_are_exact(length: int) -> None:
    digits = "7" * length
    assert check(f"The answer is {digits}.", digits, "number").status == "correct"
    assert check(f"The answer is {digits[:-1]}8.", digits, "number").status == "wrong"
    assert check(f"The answer is -{digits}.", digits, "number").status == "wrong"
    assert canonical(f"#### {digits}", "number") == digits


@pytest.mark.parametrize(
    "power", ["1e999999999", "9^99999", "10^999999999", "1e-999999999", "2^-99999"]
)
def test_a_number_too_large_to_write_is_refused_and_not_computed(power: str) -> None:
    assert check(f"The answer is {power}.", "12", "number").status == "unparseable"


UNITS_OF_TEXT = [
    "1", "1,", "1.", "1 ", "12/", "1-", "((", "[", "{", "\\boxed{", "\\boxed{1} or ", "$",
    "**", "_", "a ", "A ", "(A) ", "no ", '"no" ', "yes, ", "one ", "one-", "十",
    "answer is ", "Answer: ", "--> ", "####", "\n", "\n\n", " ", "Q:", "\nQ", "<think>",
    "</think>", "May ", "May 1, ", "1 May ", "- ", "wait ", "or ", "not ", "1 or ", "= ",
    "1 = ", "1 + ", ". ", "|", "\\frac{", '{"answer": [', "é", "1st ", "5 m ", "1:00 ",
    "<<", "\\text{", "- 1\n", "http://a.b/c?d=", "the ", "x^2 ", "a\u0301",
]  # fmt: skip


def repeated(unit: str, length: int) -> None:
    text = unit * (length // len(unit))
    for kind, target in TARGETS.items():
        assert check(text, target, kind).status in ("correct", "wrong", "unparseable")


@pytest.mark.parametrize("unit", UNITS_OF_TEXT)
def test_much_of_anything_is_checked(unit: str) -> None:
    repeated(unit, 30_000)


@pytest.mark.slow
@pytest.mark.timeout(120)  # seconds; quadratic time would be many minutes
@pytest.mark.parametrize("unit", UNITS_OF_TEXT)
def test_a_long_text_of_anything_takes_linear_time(unit: str) -> None:
    repeated(unit, 200_000)


def test_importing_loads_neither_sympy_nor_torch() -> None:
    heavy = ["sympy", "torch", "math_verify", "asyncio", "numpy"]
    code = f"import limbeck.filters.answer, sys; print(*(set({heavy!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_kinds_are_exactly_these() -> None:
    assert KINDS == ("auto", "number", "choice", "yesno", "text", "date", "list", "math")
