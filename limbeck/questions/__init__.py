"""Question sets with exact targets and template-disjoint splits (`limbeck questions`)."""

from limbeck.questions.demos import demos
from limbeck.questions.draw import SETS, make_questions
from limbeck.questions.masking import masked
from limbeck.questions.overlap import Overlap, masked_overlap
from limbeck.questions.question import Question
from limbeck.questions.splitting import split_by_template

__all__ = [
    "SETS",
    "Overlap",
    "Question",
    "demos",
    "make_questions",
    "masked",
    "masked_overlap",
    "split_by_template",
]
