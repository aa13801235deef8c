"""When two mathematical answers are equal. Runs in the worker process.

Expressions are compared in their values at fixed places, to 40 digits: sympy's own search for a
proof may not end, and math-verify's comparison takes tiny values and other equations for equal.
"""

from __future__ import annotations

from typing import Any

import sympy

from limbeck.filters.answer.expressions import Group, Relation, Scalar

_DIGITS = 40  # of the comparison
_CLOSE = sympy.Rational(1, 10**25)
_ROUNDED = sympy.Rational(1, 10**4)  # what a decimal may differ by


def equal(target: Any, found: Any) -> bool:
    """Whether two answers are the same: equations as equations, pairs in order, sets complete."""
    if isinstance(target, Relation) and isinstance(found, Relation):
        return _same_relation(target, found)
    if isinstance(found, Relation) and found.op == "=" and (found.name or _holds(found)):
        return equal(target, found.right)
    if isinstance(target, Relation) and target.op == "=" and target.name:
        return equal(target.right, found)
    if isinstance(target, Group) and isinstance(found, Group):
        return _same_group(target, found)
    if isinstance(target, Scalar) and isinstance(found, Scalar):
        return _same_value(target, found)
    if isinstance(target, Group) and target.sort == "set" and len(target.parts) == 1:
        return equal(target.parts[0], found)
    if isinstance(found, Group) and found.sort == "set" and len(found.parts) == 1:
        return equal(target, found.parts[0])
    return False


def _holds(relation: Relation) -> bool:
    """ "3 + 4 = 7" is a calculation: its value is on the right."""
    return isinstance(relation.right, Scalar) and _same_value(relation.left, relation.right)


def _same_group(target: Group, found: Group) -> bool:
    if target.sort != found.sort or len(target.parts) != len(found.parts):
        return False
    if target.sort == "row":
        return target.brackets == found.brackets and all(map(equal, target.parts, found.parts))
    rest = list(found.parts)
    for part in target.parts:
        place = next((place for place, other in enumerate(rest) if equal(part, other)), None)
        if place is None:
            return False
        del rest[place]
    return True


def _same_relation(target: Relation, found: Relation) -> bool:
    if target.op != found.op:
        return False
    if not (isinstance(target.right, Scalar) and isinstance(found.right, Scalar)):
        return equal(target.left, found.left) and equal(target.right, found.right)
    if equal(target.left, found.left):
        return equal(target.right, found.right)
    one = target.left.value - target.right.value
    other = found.left.value - found.right.value
    ratios = []
    for place in _places(one, other):
        top, bottom = _at(one, place), _at(other, place)
        if top is None or bottom is None:
            continue
        if abs(bottom) < _CLOSE:
            return False
        ratios.append(top / bottom)
    if len(ratios) < 3 or abs(ratios[0]) < _CLOSE:
        return False
    if target.op != "=" and target.op != "!=" and not sympy.re(ratios[0]) > 0:
        return False
    return all(abs(ratio / ratios[0] - 1) < _CLOSE for ratio in ratios)


def _same_value(target: Scalar, found: Scalar) -> bool:
    one, other = target.value, found.value
    matrices = [isinstance(value, sympy.MatrixBase) for value in (one, other)]
    if any(matrices):
        return (
            all(matrices)
            and one.shape == other.shape
            and all(
                _same_value(Scalar(a, target.decimal), Scalar(b, found.decimal))
                for a, b in zip(one, other, strict=True)
            )
        )
    if one == other:
        return True
    if one.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan) or other.has(
        sympy.oo, -sympy.oo, sympy.zoo, sympy.nan
    ):
        return False
    if one.is_Rational and other.is_Rational and not (target.decimal or found.decimal):
        return False  # 10^50 and its successor agree in all the digits that are looked at below
    numbers = not one.free_symbols and not other.free_symbols
    rounded = numbers and not one.is_Integer and (target.decimal or found.decimal)
    limit = _ROUNDED if rounded else _CLOSE
    checked = 0
    for place in _places(one, other):
        a, b = _at(one, place), _at(other, place)
        if a is None or b is None:
            continue
        if abs(a - b) > limit * max(abs(a), 0 if rounded else abs(b)):
            return False
        checked += 1
    return checked >= (1 if numbers else 3)


def _places(one: Any, other: Any) -> list[dict[Any, Any]]:
    """Places at which both are compared: the same for the same names, the same every run."""
    names = sorted(one.free_symbols | other.free_symbols, key=lambda symbol: str(symbol.name))
    if not names:
        return [{}]
    roots = (2, 3, 5, 7, 11, 13, 17, 19)
    places = []
    for turn in range(8):
        sign = -1 if turn in (3, 5, 6) else 1
        places.append(
            {
                name: sign * (sympy.sqrt(roots[(turn + n) % 8]) / (n + 2) + sympy.Rational(turn, 7))
                for n, name in enumerate(names)
            }
        )
    return places


def _at(value: Any, place: dict[Any, Any]) -> Any:
    """The value at a place with `_DIGITS` digits; None where there is none or it is not real."""
    number = value.subs(place).evalf(_DIGITS) if place else value.evalf(_DIGITS)
    if not number.is_number or number.has(sympy.nan, sympy.zoo, sympy.oo):
        return None
    if place and abs(sympy.im(number)) > _CLOSE and not value.has(sympy.I):
        return None
    return number if number.is_Number or number.is_Add or number.is_Mul else None


def canonical(answer: Any) -> str:
    """One text for equal answers, as far as sympy simplifies."""
    if isinstance(answer, Scalar):
        return str(sympy.simplify(answer.value))
    if isinstance(answer, Relation):
        if answer.op == "=" and answer.name:
            return canonical(answer.right)
        return f"{canonical(answer.left)} {answer.op} {canonical(answer.right)}"
    parts = [canonical(part) for part in answer.parts]
    if answer.sort == "set":
        return "{" + ", ".join(sorted(parts)) + "}"
    return f"{answer.brackets[0]}{', '.join(parts)}{answer.brackets[1]}"
