"""An audit in sentences: what was found first, what it cannot say, and the rows behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.audit.tables import PAPER_NAME, interval, several, share
from limbeck.evals.pages.wording import count, fixed


def findings(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a reader should know first, as (kind, sentence)."""
    found = [("Quality", _quality_line(report))]
    if report["unreadable"]["count"]:
        found.append(
            ("Unread", f"{several(report['unreadable']['count'], 'line')} could not be read.")
        )
    outputs = report["outputs"] or {}
    wrong = {key: n for key, n in outputs.items() if n and key != "ends_in_colon"}
    if wrong:
        names = {"same_as_input": "equal to their input"}
        said = ", ".join(f"{count(n)} {names.get(key, key)}" for key, n in wrong.items())
        found.append(("Outputs", f"{said}."))
    same, near, against = (
        report[key] for key in ("duplicates", "near_duplicates", "contradictions")
    )
    found.append(("Duplicates", (
        f"{several(same['rows'], 'row')} ({share(same['share'])}) equal to an earlier one; "
        f"{several(near['instructions'], 'instruction')} ({share(near['share'])}) nearly so."
    )))  # fmt: skip
    if against["short"]:
        questions = several(against["short"], "question")
        found.append(("Conflicts", f"{questions} with short outputs that contradict each other."))
    seeds = report["nearest_seed"]
    if seeds:
        found.append(("Seeds", (
            f"the nearest seed is at ROUGE-L {fixed(seeds['mean'], 2)} on average; "
            f"{several(seeds['above_threshold'], 'instruction')} above {seeds['threshold']:g}."
        )))  # fmt: skip
    return found


def _quality_line(report: Mapping[str, Any]) -> str:
    marks = report["marks"]
    if report["outputs"] is None:
        return "not measured: these are instructions alone, without outputs."
    if not marks:
        return (
            f"not measured: nobody has marked the {several(report['sheet_rows'], 'row')} "
            "of sheet.csv yet."
        )
    entry = marks["questions"]["all_three"]
    if entry["share"] is None:
        return "not measured: no row has all three marks."
    return (
        f"{interval(entry)} of {several(entry['marked'], 'row')} right in all three ways, marked "
        f"by {marks['by']} ({interval(entry['paper'])} in {PAPER_NAME})."
    )


def limits(report: Mapping[str, Any]) -> list[str]:
    """What the numbers cannot say."""
    found = [
        "Shares of the sheet are of a random sample of rows; the intervals are for that, and not "
        "for a marker who errs.",
        "Truncated rows are known by their finish_reason, or by a code fence or think tag that is "
        "never closed: an output that just stops is not found.",
        "Refusals are known by how they open, in eleven languages.",
        "ROUGE-L compares words: a paraphrase in other words is no near duplicate here.",
    ]
    marks = report["marks"]
    if marks and not marks["human"]:
        found.insert(0, (
            "A model marked rows of the sheet. How often it agrees with people on this dataset is "
            "not known until people mark the same sheet."
        ))  # fmt: skip
    if not report["verb_noun"]["missing"]:
        found += [
            "Verbs and nouns come from a tagger and rules, where the paper used a parser. Of 100 "
            "instructions of two published sets a reader agreed with 93.",
            "Small sets have fewer different verb-noun pairs, and their commonest ones cover more: "
            "compare sets of one size.",
        ]
    return found


def examples(report: Mapping[str, Any]) -> Sequence[tuple[str, list[list[tuple[str, str]]]]]:
    """The rows behind the counts: (title, examples), an example being (label, text) pairs."""
    same = [
        [
            (_where(one), one["instruction"]),
            *_given(one["input"]),
            ("Output", one["output"]),
        ]
        for one in report["duplicates"]["examples"]
    ]
    against = [
        [
            (_where(one), one["instruction"]),
            *_given(one["input"]),
            *((f"Output {n}", text) for n, text in enumerate(one["outputs"], 1)),
        ]
        for one in report["contradictions"]["examples"]
    ]
    near = [
        [(f"ROUGE-L {fixed(one['score'], 2)}", one["first"]), ("Later", one["second"])]
        for one in report["near_duplicates"]["examples"]
    ]
    titled = [
        ("Equal rows", same), ("One question, different outputs", against),
        ("Nearly the same instruction", near),
    ]  # fmt: skip
    return [(title, found) for title, found in titled if found]


def _where(example: Mapping[str, Any]) -> str:
    return f"Lines {', '.join(map(str, example['places']))}"


def _given(text: str) -> list[tuple[str, str]]:
    return [("Input", text)] if text.strip() else []
