"""Personal data in what an audit quotes: a page is passed on more often than the data is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from limbeck.filters.pii.mask import Masker

_QUOTED = ("examples", "reasons")  # keys of the report under which the data is quoted


def without_pii(report: Any) -> Any:
    """The report with a placeholder ("[EMAIL_1]") for all personal data that its examples and its
    reasons quote. Within an example the same value has the same one."""
    if isinstance(report, dict):
        return {
            key: [_masked(one) for one in value]
            if key in _QUOTED and isinstance(value, list)
            else without_pii(value)
            for key, value in report.items()
        }
    return [without_pii(one) for one in report] if isinstance(report, list) else report


def _masked(example: Any) -> Any:
    return _mapped(example, Masker(_texts(example)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _mapped(value: Any, masker: Masker) -> Any:
    if isinstance(value, str):
        return masker.masked(value)
    if isinstance(value, dict):
        return {key: _mapped(one, masker) for key, one in value.items()}
    return [_mapped(one, masker) for one in value] if isinstance(value, list) else value
