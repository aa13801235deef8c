"""In-context examples: read, found for a query, excluded, ordered, written into a prompt."""

from limbeck.demos.encode import Encoder, NgramEncoder, Remembered
from limbeck.demos.exclude import Near, NearTexts, same_text
from limbeck.demos.explain import explain
from limbeck.demos.folds import fold_mates, folds
from limbeck.demos.knn_vote import KnnVote, Vote
from limbeck.demos.order import ordered, shuffles
from limbeck.demos.prompt import Fitted, Template, fit, messages, render
from limbeck.demos.row import Demo, by_task, read_demos
from limbeck.demos.select import DRAWN, SELECTORS, Selection, Selector, check_options, selector

__all__ = [
    "DRAWN",
    "SELECTORS",
    "Demo",
    "Encoder",
    "Fitted",
    "KnnVote",
    "Near",
    "NearTexts",
    "NgramEncoder",
    "Remembered",
    "Selection",
    "Selector",
    "Template",
    "Vote",
    "by_task",
    "check_options",
    "explain",
    "fit",
    "fold_mates",
    "folds",
    "messages",
    "ordered",
    "read_demos",
    "render",
    "same_text",
    "selector",
    "shuffles",
]
