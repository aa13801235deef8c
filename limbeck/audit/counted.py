"""What is in the rows: how many of which kind, how long, in which script."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from limbeck.audit import classify
from limbeck.audit.facts import Flag
from limbeck.audit.totals import Totals
from limbeck.audit.words import spread


def counts(totals: Totals) -> dict[str, Any]:
    """How many rows and instructions there are, and estimated tokens."""
    rows, distinct = totals.rows, len(totals.distinct)
    with_input = totals.count(Flag.INPUT)
    asked, answered = totals.tokens
    return {
        "rows": rows,
        "instructions": distinct,
        "with_input": with_input,
        "without_input": rows - with_input,
        "instances_per_instruction": rows / distinct,
        "tokens": {"asked": asked, "answered": answered},
    }


def lengths(totals: Totals, answered: bool) -> dict[str, Any]:
    """Words of each distinct instruction, and of every input (where there is one) and output."""
    words = totals.words
    return {
        "instruction": spread(words[totals.distinct, 0]),
        "input": spread(words[totals.has(Flag.INPUT), 1]),
        "output": spread(words[:, 2] if answered else []),
    }


def classification(totals: Totals, answered: bool) -> dict[str, Any]:
    """The share of distinct instructions: as their rows say, where more than half of them do;
    else estimated from the outputs; else unknown."""
    of, rows = len(totals.distinct), totals.rows

    def by_instruction(true: Any) -> Any:
        return np.bincount(totals.same_instruction, true, rows)[totals.distinct]

    said = by_instruction(totals.said >= 0) > 0
    if 2 * int(said.sum()) > of:
        basis, yes = "said by the rows", int((by_instruction(totals.said == 1) > 0).sum())
        silent = of - int(said.sum())
        basis += f"; {silent} instructions left out, whose rows do not say" if silent else ""
        return {"yes": yes, "of": of - silent, "share": yes / (of - silent), "basis": basis}
    if not answered:
        return {"yes": None, "of": 0, "share": None, "basis": "not known without outputs"}
    no_label = by_instruction(~totals.has(Flag.LABEL))
    named = by_instruction(totals.has(Flag.NAMED_LABEL))
    yes = int(((no_label == 0) & (named > 0)).sum())
    return {"yes": yes, "of": of, "share": yes / of, "basis": classify.RULE}


def outputs(totals: Totals) -> dict[str, int]:
    """Outputs with something wrong that needs no judge; one row may be counted several times."""
    flags = {
        "empty": Flag.EMPTY,
        "truncated": Flag.TRUNCATED,
        "refused": Flag.REFUSED,
        "same_as_input": Flag.SAME_AS_INPUT,
        "ends_in_colon": Flag.ENDS_IN_COLON,
    }
    return {name: totals.count(flag) for name, flag in flags.items()}


def scripts(totals: Totals, answered: bool) -> list[dict[str, Any]]:
    """Rows by the script of their instruction and of their output, the commonest first."""
    asked, said = totals.scripts
    said = said if answered else Counter()
    names = sorted(asked | said, key=lambda name: (-asked[name], -said[name], name))
    return [{"script": n, "instructions": asked[n], "outputs": said[n]} for n in names]
