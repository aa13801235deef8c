"""Check digits: the examples of the standards, and that no changed digit goes unseen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from limbeck.filters.pii.checks import cpf, dni, luhn, mod11_2, mod11_10, mod97, nir, verhoeff

# (check, the numbers of its standard, or of the office that gives them out)
EXAMPLES: list[tuple[Callable[[str], bool], list[str]]] = [
    (luhn, ["79927398713", "17893729974", "4111111111111111"]),
    (mod97, ["GB82WEST12345698765432", "MT84MALT011000012345MTLCAST001S", "NO9386011117947"]),
    (verhoeff, ["2363", "123451", "84736430954837284567892"]),
    (mod11_2, ["11010519491231002X", "440524188001010014"]),
    (mod11_10, ["86095742719", "47036892816", "65929970489"]),
    (cpf, ["52998224725", "11144477735"]),
]


@pytest.mark.parametrize(("check", "numbers"), EXAMPLES, ids=lambda case: str(case)[:20])
def test_published_numbers_pass_and_one_changed_digit_does_not(
    check: Callable[[str], bool], numbers: list[str]
) -> None:
    for number in numbers:
        assert check(number)
        for place, char in enumerate(number):
            if not char.isdigit():
                continue
            for other in set("0123456789") - {char}:
                changed = number[:place] + other + number[place + 1 :]
                assert not check(changed), (number, changed)


def test_letters_and_keys() -> None:
    assert dni("12345678", "Z")
    assert dni("01234567", "L")
    assert not dni("12345678", "A")
    assert nir("2550877190002", "01") is (97 - 2550877190002 % 97 == 1)
    assert nir("185052A004123", "56")  # 1850519004123 mod 97 is 41
    assert nir("185052B004123", f"{97 - 1850518004123 % 97:02d}")
    assert not nir("185052A004123", "57")
    assert not nir("185A52A004123", "56")
