"""All numbers of an audit, as the JSON that audit.json holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from limbeck.audit import classify, duplicates, nearest, verbs
from limbeck.audit.words import is_english, script_of, spread
from limbeck.errors import MissingExtra
from limbeck.filters.complete import Complete
from limbeck.filters.rouge_tokens import Tokenizer
from limbeck.reading.forms import Row
from limbeck.reading.rows import Dataset
from limbeck.record import Provenance, Record, user
from limbeck.text import squeezed, word_count

SCHEMA = "limbeck.audit/1"
TAGGED = 10_000  # instructions whose verb and noun are looked for, about a millisecond each
PAPER: dict[str, Any] = {
    "instructions": 52_445,
    "instances": 82_439,
    "without_input": 35_878,
    "classification": 11_584,
    "words": {"instruction": 15.9, "input": 12.7, "output": 18.9},
    "top_share": 0.14,
}


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure. `threshold` is the ROUGE-L above which an instruction nearly repeats."""

    sample: int = 200
    seed: int = 0
    tokenizer: Tokenizer = "unicode"
    threshold: float = 0.7


def measure(
    dataset: Dataset,
    *,
    version: str,
    seeds: Sequence[str] | None = None,
    options: Options | None = None,
) -> dict[str, Any]:
    """The report on a dataset, without marks. `seeds` are the instructions it grew from,
    `version` is limbeck's. Of a dataset of instructions alone, what is about outputs is None."""
    options = options or Options()
    rows = dataset.rows
    distinct = list(dict.fromkeys(squeezed(row.instruction) for row in rows))
    tokenizer, threshold = options.tokenizer, options.threshold
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "limbeck_version": version,
        "name": dataset.name,
        "about": dataset.about,
        "options": asdict(options),
        "unreadable": {"count": dataset.unreadable, "reasons": dataset.reasons},
        "counts": _counts(rows, len(distinct)),
        "words": _lengths(rows, distinct, dataset.answered),
        "classification": _classification(rows, dataset.answered),
        "outputs": _outputs(rows) if dataset.answered else None,
        "scripts": _scripts(rows, dataset.answered),
        "verb_noun": _verbs(distinct),
        "nearest_seed": None,
        "nearest_other": nearest.to_others(distinct, tokenizer, threshold),
        "duplicates": duplicates.exact(rows),
        "contradictions": duplicates.contradictions(rows),
        "near_duplicates": duplicates.near(distinct, tokenizer, threshold),
        "marks": None,
    }
    if seeds:
        unique = list(dict.fromkeys(map(squeezed, seeds)))
        report["nearest_seed"] = nearest.to_seeds(distinct, unique, tokenizer, threshold)
    return report


def _counts(rows: Sequence[Row], distinct: int) -> dict[str, Any]:
    with_input = sum(bool(row.input.strip()) for row in rows)
    return {
        "rows": len(rows),
        "instructions": distinct,
        "with_input": with_input,
        "without_input": len(rows) - with_input,
        "instances_per_instruction": len(rows) / distinct,
    }


def _lengths(rows: Sequence[Row], distinct: Sequence[str], answered: bool) -> dict[str, Any]:
    """Words of each distinct instruction, and of every input (where there is one) and output."""
    return {
        "instruction": spread([word_count(text) for text in distinct]),
        "input": spread([word_count(row.input) for row in rows if row.input.strip()]),
        "output": spread([word_count(row.output) for row in rows if answered]),
    }


def _classification(rows: Sequence[Row], answered: bool) -> dict[str, Any]:
    """The share of distinct instructions: as their rows say, where more than half of them do;
    else estimated from the outputs; else unknown."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(squeezed(row.instruction), []).append(row)
    said = [
        any(kinds)
        for group in groups.values()
        if (kinds := [row.classification for row in group if row.classification is not None])
    ]
    if 2 * len(said) > len(groups):
        basis = "said by the rows"
        silent = len(groups) - len(said)
        basis += f"; {silent} instructions left out, whose rows do not say" if silent else ""
        return {"yes": sum(said), "of": len(said), "share": sum(said) / len(said), "basis": basis}
    if not answered:
        return {"yes": None, "of": 0, "share": None, "basis": "not known without outputs"}
    yes = sum(
        classify.looks_like_classification(instruction, [row.output for row in group])
        for instruction, group in groups.items()
    )
    return {"yes": yes, "of": len(groups), "share": yes / len(groups), "basis": classify.RULE}


def _outputs(rows: Sequence[Row]) -> dict[str, int]:
    """Outputs with something wrong that needs no judge; one row may be counted several times."""
    counts: Counter[str] = Counter(
        dict.fromkeys(("empty", "truncated", "refused", "same_as_input", "ends_in_colon"), 0)
    )
    judge = Complete()
    for row in rows:
        record = Record(
            (user(row.instruction),),
            row.output,
            Provenance("audit"),
            meta={"finish_reason": row.finish_reason},
            id=row.id,
        )
        reason = judge.judge([record])[0].reason
        if reason:
            counts[reason] += 1
        output = row.output.strip()
        counts["same_as_input"] += bool(output) and output == row.input.strip()
        counts["ends_in_colon"] += output.endswith((":", "："))
    return dict(counts)


def _scripts(rows: Sequence[Row], answered: bool) -> list[dict[str, Any]]:
    """Rows by the script of their instruction and of their output, the commonest first."""
    asked = Counter(script_of(row.instruction) for row in rows)
    said = Counter(script_of(row.output) for row in rows if answered)
    names = sorted(asked | said, key=lambda name: (-asked[name], -said[name], name))
    return [{"script": n, "instructions": asked[n], "outputs": said[n]} for n in names]


def _verbs(distinct: Sequence[str]) -> dict[str, Any]:
    """Verb-noun diversity of the English instructions; `missing` says why there is none."""
    english = [text for text in distinct if is_english(text)]
    chosen = nearest.drawn(english, TAGGED)
    counts = {"of": len(distinct), "english": len(english), "missing": ""}
    if not english:
        return counts | {"missing": "no instruction is in English"}
    try:
        tagger = verbs.english_tagger()
    except MissingExtra as error:
        return counts | {"missing": str(error)}
    return counts | verbs.diversity(verbs.verb_noun(text, tagger) for text in chosen)
