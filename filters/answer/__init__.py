"""Is a completion's answer right? Typed verification: correct, wrong or unparseable.

The last asserted answer of a completion is compared with the target as what it is: a number, an
option, a yes or no, a text, a date, a list, a mathematical expression. Nothing is guessed: what
cannot be read is "unparseable", never a pass. No model output is ever evaluated.
"""

from limbeck.filters.answer.check import AnswerCheck, Status, canonical, check, consistent
from limbeck.filters.answer.kinds import KINDS, Kind, kind_of
from limbeck.filters.answer.record_filter import Answer, Consistent

__all__ = [
    "KINDS",
    "Answer",
    "AnswerCheck",
    "Consistent",
    "Kind",
    "Status",
    "canonical",
    "check",
    "consistent",
    "kind_of",
]
