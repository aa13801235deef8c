"""An audit in words and tables, so that page, Markdown and terminal say the same.

All of it is plain text; what comes from the dataset is not made safe here: that is the
renderer's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.audit.marks import FEW, PAPER_ROWS
from limbeck.audit.measure import PAPER
from limbeck.evals.pages.wording import MISSING, count, fixed

PAPER_NAME = "Self-Instruct"
QUESTION_NAMES = {
    "instruction_valid": "Instruction is valid",
    "input_fits": "Input fits the instruction",
    "output_correct": "Output is correct",
    "all_three": "All three",
}
_OUTPUT_NAMES = {  # the others are findings
    "same_as_input": "Outputs equal to the input",
    "ends_in_colon": "Outputs that end in a colon",
}


@dataclass(frozen=True, slots=True)
class Table:
    """One table. The first column is text, the others are numbers; `bars` are lengths from 0 to 1
    for the rows that have one drawn."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    note: str = ""
    bars: Sequence[float] = ()


def several(number: int, name: str) -> str:
    """A count with its noun: "1 row", "1,234 rows"."""
    return f"{count(number)} {name}" + ("" if number == 1 else "s")


def share(value: object) -> str:
    """A share as percent: "12.5%"."""
    return MISSING if not isinstance(value, int | float) else f"{fixed(100 * value, 1)}%"


def interval(entry: Mapping[str, Any]) -> str:
    """A share with its interval: "58.0% [51.1%, 64.6%]"."""
    if entry["share"] is None:
        return "not marked"
    return f"{share(entry['share'])} [{share(entry['low'])}, {share(entry['high'])}]"


def tables(report: Mapping[str, Any]) -> list[Table]:
    """Every table of the report, in reading order."""
    found = [quality(report), size(report), lengths(report)]
    found += [_histogram(report, key) for key in ("nearest_seed", "nearest_other")]
    found += [verbs(report), scripts(report)]
    return [table for table in found if table is not None and table.rows]


def compared(report: Mapping[str, Any]) -> bool:
    """Whether the paper's numbers stand beside this dataset's: where it has seeds, or rows that
    were read as an instruction. Beside chats and questions they would say nothing."""
    if report.get("nearest_seed"):
        return True
    names = [*(report.get("columns") or {}).values(), *re.findall(r"\w+", report["about"])]
    return "instruction" in names


def quality(report: Mapping[str, Any]) -> Table | None:
    """The marks, and the paper's beside them."""
    marks = report.get("marks")
    if not marks:
        return None
    rows = [
        (name, interval(entry), count(entry["marked"]), interval(entry["paper"]))
        for key, name in QUESTION_NAMES.items()
        for entry in [marks["questions"][key]]
    ]
    head = ("Question", "Yes", "Rows marked", f"{PAPER_NAME}, {PAPER_ROWS} rows")
    return _table(report, "Marks", head, rows, who(marks))


def who(marks: Mapping[str, Any]) -> str:
    """Who marked the rows, and what the intervals hold."""
    note = f"Marked by {marks['by']}. Square brackets hold Wilson's 95% intervals."
    judged = marks.get("judge")
    if judged and (judged["unread"] or judged["unanswered"]):
        note += (
            f" Of {judged['asked']} rows {judged['unread']} had no verdict that could be read, "
            f"after asking twice, and {judged['unanswered']} no answer: they are not marked."
        )
    if marks["in_part"]:
        note += f" Not in the last line: {several(marks['in_part'], 'row')} marked in part."
    if marks["questions"]["all_three"]["marked"] < FEW:
        note += " With so few rows marked the shares say little: look at the intervals."
    return note


def size(report: Mapping[str, Any]) -> Table:
    """How many rows of which kind."""
    counts, kinds, total = report["counts"], report["classification"], report["counts"]["rows"]
    without = PAPER["without_input"] / PAPER["instances"]
    paper_kinds = PAPER["classification"] / PAPER["instructions"]
    no_input = _counted(counts["without_input"], counts["without_input"] / total)
    if report["outputs"] is None and not counts["with_input"]:
        no_input = MISSING  # instructions alone
    rows = [
        ("Rows", count(total), count(PAPER["instances"])),
        ("Distinct instructions", count(counts["instructions"]), count(PAPER["instructions"])),
        (
            "Rows to an instruction",
            fixed(counts["instances_per_instruction"], 2),
            fixed(PAPER["instances"] / PAPER["instructions"], 2),
        ),
        ("Rows without input", no_input, share(without)),
        ("Classification tasks", _counted(kinds["yes"], kinds["share"]), share(paper_kinds)),
    ]
    rows += [
        (name, _counted(number, number / total), "")
        for key, name in _OUTPUT_NAMES.items()
        if (number := (report["outputs"] or {}).get(key))
    ]
    note = f"Classification tasks: {kinds['basis']}."
    return _table(report, "Rows", ("", "Here", PAPER_NAME), rows, note)


def _table(
    report: Mapping[str, Any],
    title: str,
    head: tuple[str, ...],
    rows: Sequence[Sequence[str]],
    note: str,
) -> Table:
    """A table whose last column is the paper's, which is left out where it says nothing."""
    if compared(report):
        return Table(title, head, rows, note)
    return Table(title, head[:-1], [row[:-1] for row in rows], note)


def _counted(number: int | None, of: float | None) -> str:
    return MISSING if number is None else f"{count(number)} ({share(of)})"


def lengths(report: Mapping[str, Any]) -> Table:
    """Words of instruction, input and output."""
    rows = []
    for key, paper in PAPER["words"].items():
        words = report["words"][key]
        numbers = [words[name] for name in ("mean", "p10", "p50", "p90", "max")]
        shown = [
            MISSING if n is None else fixed(n, 1 if i == 0 else 0) for i, n in enumerate(numbers)
        ]
        rows.append((key.capitalize(), *shown, fixed(paper, 1)))
    head = ("Words", "Mean", "10%", "Median", "90%", "Most", f"{PAPER_NAME}, mean")
    note = (
        "Of distinct instructions, of inputs that are not empty, and of all outputs. A word is "
        "what stands between white space and is not punctuation alone; a Chinese character or a "
        "kana is one, and so are four characters of Thai, Lao, Khmer or Myanmar."
    )
    return _table(report, "Lengths", head, rows, note)


def _histogram(report: Mapping[str, Any], key: str) -> Table | None:
    found = report.get(key)
    if not found or not found["measured"]:
        return None
    bins, total = found["bins"], found["measured"]
    most = max(bins)
    rows = []
    for place, number in enumerate(bins):
        end = "1.0" if place == len(bins) - 1 else f"{(place + 1) / len(bins):.1f}"
        rows.append((f"{place / len(bins):.1f}–{end}", count(number), share(number / total)))
    other = "seed" if key == "nearest_seed" else "other instruction"
    note = (
        f"ROUGE-L of each distinct instruction with the nearest {other}; mean "
        f"{fixed(found['mean'], 2)}; {count(found['above_threshold'])} "
        f"({share(found['above_threshold'] / total)}) above {found['threshold']:g}, "
        f"{count(found['same_words'])} with the same words in the same order."
    )
    if "seeds" in found:
        note += f" {count(found['seeds'])} seeds."
    if total < found["of"]:
        note += f" Measured on a sample of {count(total)} of {count(found['of'])} instructions."
    title = f"Nearest {other}"
    return Table(title, ("ROUGE-L", "Instructions", "Share"), rows, note, [n / most for n in bins])


def verbs(report: Mapping[str, Any]) -> Table | None:
    """The commonest verbs with their nouns."""
    found = report.get("verb_noun")
    if not found or found["missing"]:
        return None
    rows = [
        (row["verb"], count(row["count"]), ", ".join(
            f"{noun['noun']} {count(noun['count'])}" for noun in row["nouns"]
        ))
        for row in found["top"]
    ]  # fmt: skip
    return Table("Verbs and nouns", ("Verb", "Instructions", "Its nouns"), rows, verb_note(report))


def verb_note(report: Mapping[str, Any]) -> str:
    """What of the dataset the verbs were looked for in, and what was found."""
    found = report.get("verb_noun")
    if not found:
        return ""
    if found["missing"]:
        return f"Verbs and nouns were not looked for: {found['missing']}."
    other = found["of"] - found["english"]
    note = (
        f"{count(found['analysed'])} of {count(found['of'])} distinct instructions analysed"
        f" ({count(other)} are not in English): {count(found['with_pair'])} have a verb with a "
        f"noun as its direct object, {count(found['verb_only'])} a verb alone, "
        f"{count(found['neither'])} neither. {count(found['distinct_pairs'])} different pairs"
    )
    if found["entropy_bits"] is not None:
        note += f", entropy {fixed(found['entropy_bits'], 2)} bits"
    paper = f" ({share(PAPER['top_share'])} in {PAPER_NAME})" if compared(report) else ""
    return (
        f"{note}. The 20 commonest verbs with their 4 commonest nouns cover "
        f"{share(found['top_share'])} of the instructions{paper}."
    )


def scripts(report: Mapping[str, Any]) -> Table:
    """Scripts of instructions and outputs."""
    total = report["counts"]["rows"]
    names = {"instructions": "Instructions of rows", "outputs": "Outputs of rows"}
    if report["outputs"] is None:
        del names["outputs"]
    rows = [
        (
            "no letters" if row["script"] == "none" else row["script"],
            *(_counted(row[key], row[key] / total) for key in names),
        )
        for row in report.get("scripts") or []
    ]
    return Table("Scripts", ("Script", *names.values()), rows)
