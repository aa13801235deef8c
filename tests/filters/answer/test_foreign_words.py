"""Numbers in words of other languages."""

from __future__ import annotations

from fractions import Fraction

import pytest

from limbeck.filters.answer import check
from limbeck.filters.answer.foreign_words import foreign


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("zweiunddreißig", 32),
        ("einundsechzig", 61),
        ("dreihundertfünfundsechzig", 365),
        ("eintausendzweihundert", 1200),
        ("zweitausendfünf", 2005),
        ("dreissig", 30),
        ("tweeëndertig", 32),
        ("vierenzestig", 64),
        ("trente-deux", 32),
        ("vingt et un", 21),
        ("quatre-vingt-dix-sept", 97),
        ("soixante-quinze", 75),
        ("soixante et onze", 71),
        ("deux cent cinquante", 250),
        ("mille deux cents", 1200),
        ("treinta y dos", 32),
        ("veintidós", 22),
        ("ciento cinco", 105),
        ("mil doscientos", 1200),
        ("trinta e dois", 32),
        ("cento e vinte e três", 123),
        ("ventitré", 23),
        ("quarantotto", 48),
        ("duecento", 200),
        ("duemila", 2000),
        ("тридцать два", 32),
        ("двести пятьдесят шесть", 256),
        ("две тысячи", 2000),
    ],
)
def test_words_are_numbers(words: str, value: int) -> None:
    assert [found[2] for found in foreign(f"x {words}. y")] == [Fraction(value)]


@pytest.mark.parametrize(
    ("completion", "right"),
    [
        ("Es sind also zweiunddreißig Kinder.", True),
        ("Es sind also dreiundzwanzig Kinder.", False),
        ("La respuesta es treinta y dos.", True),
        ("La réponse est trente-deux.", True),
        ("Ответ: тридцать два", True),
        ("Rimangono trentadue mele.", True),
        ("Restam trinta e dois.", True),
        ("Er hat 32 Äpfel und vier Birnen.", False),
        ("It makes 32, and it happened only once.", True),
        ("It makes 32 in due time.", True),
        ("La respuesta es un 32.", True),
    ],
)
def test_a_number_in_words_answers(completion: str, right: bool) -> None:
    assert (check(completion, "32", "number").status == "correct") is right


def test_a_word_of_two_languages_counts_where_a_number_is_expected() -> None:
    assert check("La respuesta es once.", "11", "number").status == "correct"
    assert check("She went there once.", "11", "number").status != "correct"
