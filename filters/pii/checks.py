"""Check digits, each as its standard has it. All take ASCII digits (and letters) only."""

from __future__ import annotations

# Verhoeff 1969: the dihedral group of order 10, and the permutation's powers.
_DIHEDRAL = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_PERMUTED = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) << (place & 1)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def mod97(iban: str) -> bool:
    """ISO 7064 MOD 97-10, as ISO 13616 has it for IBANs: A is 10, the first four go last."""
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1


def verhoeff(digits: str) -> bool:
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_DIHEDRAL[check][int(_PERMUTED[place % 8][int(digit)])])
    return check == 0


def mod11_2(text: str) -> bool:
    """ISO 7064 MOD 11-2, the check of Chinese resident ids (GB 11643): the last may be X."""
    total = 0
    for char in text[:-1]:
        total = (total + int(char)) * 2 % 11
    return (total + (10 if text[-1] == "X" else int(text[-1]))) % 11 == 1


def mod11_10(digits: str) -> bool:
    """ISO 7064 MOD 11,10, the check of German tax ids."""
    product = 10
    for digit in digits[:-1]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (product + int(digits[-1])) % 10 == 1


def cpf(digits: str) -> bool:
    """The two check digits of a Brazilian CPF: weights from 10, and from 11, down to 2, mod 11."""
    for length in (9, 10):
        total = sum(int(digits[n]) * (length + 1 - n) for n in range(length))
        if int(digits[length]) != total * 10 % 11 % 10:
            return False
    return True


def dni(number: str, letter: str) -> bool:
    """The letter of a Spanish DNI: the number mod 23."""
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == letter


def nir(number: str, key: str) -> bool:
    """The key of a French NIR: 97 - number mod 97, with Corsica's 2A as 19 and 2B as 18."""
    digits = number.replace("2A", "19").replace("2B", "18")
    return digits.isdigit() and int(key) == 97 - int(digits) % 97
