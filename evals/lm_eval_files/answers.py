"""What a sample of lm-eval says of one item: its question, what was written, what was read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.evals.lm_eval_files.samples import one_number, score_of

NOTHING = "[invalid]"  # a regex filter's fallback, where the task sets no other
LENGTHS = {
    "acc": lambda text: 1.0,
    "acc_norm": lambda text: float(len(text)),
    "acc_bytes": lambda text: float(len(text.encode())),
}
"""What the log-likelihood of an option is divided by before the best is taken."""

_FIELDS = ("question", "query", "problem", "prompt", "input", "text", "goal", "ctx", "sentence")
_VARIABLE = re.compile(r"\{\{-?\s*(\w+)")


@dataclass(frozen=True, slots=True)
class Sample:
    """One item as one model answered it. `scores` are by metric, None where there is none (NaN);
    `reading` is what the filter left of the output, None for nothing; `options` with their
    `likelihoods` are those of multiple choice."""

    id: str
    doc: str
    prompt: str
    target_hash: str
    scores: Mapping[str, float | None]
    output: str | None
    reading: str | None
    options: tuple[str, ...]
    likelihoods: tuple[float, ...]
    question: str
    target: str
    cluster: str


def sample_of(row: Mapping[str, Any], config: Mapping[str, Any], cluster: str | None) -> Sample:
    """The parts of a row of a samples file that a report is made from; `config` is the task's."""
    doc = row["doc"] if isinstance(row["doc"], Mapping) else {}
    kind = config.get("output_type")
    written = kind == "generate_until"
    options = options_of(row, config) if kind == "multiple_choice" else ()
    return Sample(
        id=_text(doc.get("id")) or str(row["doc_hash"])[:16],
        doc=str(row["doc_hash"]),
        prompt=str(row["prompt_hash"]),
        target_hash=str(row["target_hash"]),
        scores={m: score_of(row[m]) for m in row["metrics"] if m in row and one_number(row[m])},
        output=_only_text(row["resps"]) if written else None,
        reading=_reading(row, config) if written else None,
        options=options,
        likelihoods=_likelihoods(row["resps"])[: len(options)] if options else (),
        question=question_of(row, config),
        target=_target(row, options),
        cluster="" if cluster is None else _text(doc.get(cluster)),
    )


def answer_of(sample: Sample, metric: str) -> str | None:
    """The answer that `metric` judges: what the filter read, or the likeliest option's text."""
    if sample.output is not None:
        return sample.reading
    length = LENGTHS.get(metric)
    if length is None or len(sample.likelihoods) != len(sample.options) or not sample.options:
        return None
    ranked = [
        likelihood / (length(text) or 1.0)
        for likelihood, text in zip(sample.likelihoods, sample.options, strict=True)
    ]
    return sample.options[ranked.index(max(ranked))]  # the first of equal ones, as lm-eval takes


def status_of(sample: Sample, score: float | None, *, binary: bool) -> str:
    """How the item ended, as in eval/{role}.json. lm-eval does not say what was cut off or refused:
    these count as what they were scored."""
    if score is None:
        return "failed"
    if not binary:
        return "scored"
    if score == 1:
        return "right"
    return "unparseable" if sample.output is not None and sample.reading is None else "wrong"


def question_of(row: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """What the item itself asks, without worked examples before it: the fields that the task's
    template names, else one that is often the question, else the whole prompt."""
    doc = row["doc"]
    if not isinstance(doc, Mapping):
        return str(doc)
    template = config.get("doc_to_text")
    if isinstance(template, str):
        names = [template] if template in doc else _VARIABLE.findall(template)
        texts = [doc[name] for name in names if isinstance(doc.get(name), str)]
        if texts:
            return "\n".join(dict.fromkeys(texts))
    for name in _FIELDS:
        if isinstance(doc.get(name), str) and doc[name].strip():
            return str(doc[name])
    return next(iter(_contexts(row)), "")


def options_of(row: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[str, ...]:
    """The options of multiple choice in order. Where contexts with one ending are compared, and not
    answers, they are numbered."""
    pairs = [
        (str(given.get("arg_0")), str(given.get("arg_1")))
        for given in _arguments(row)
        if isinstance(given, Mapping)
    ]
    if len(pairs) > 2 and all(not context for context, _ in pairs[len(pairs) // 2 :]):
        pairs = pairs[: len(pairs) // 2]  # acc_mutual_info asks each option without context again
    if len({context for context, _ in pairs}) > 1:
        return tuple(f"context {number}" for number, _ in enumerate(pairs, start=1))
    endings = [ending for _, ending in pairs]
    delimiter = config.get("target_delimiter")
    before = delimiter if isinstance(delimiter, str) else " "
    if before and all(ending.startswith(before) for ending in endings):
        endings = [ending.removeprefix(before) for ending in endings]
    return tuple(endings)


def _arguments(row: Mapping[str, Any]) -> list[Any]:
    """The requests' arguments in order: a file has them under gen_args_0, gen_args_1 and so on."""
    given = row.get("arguments")
    if not isinstance(given, Mapping):
        return []
    return [
        given[f"gen_args_{place}"] for place in range(len(given)) if f"gen_args_{place}" in given
    ]


def _contexts(row: Mapping[str, Any]) -> list[str]:
    given = [one for one in _arguments(row) if isinstance(one, Mapping)]
    return [str(one["arg_0"]) for one in given if "arg_0" in one]


def _reading(row: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    text = _only_text(row.get("filtered_resps"))
    if text is None or not text.strip() or text.strip() in _fallbacks(config):
        return None
    return text.strip()


def _fallbacks(config: Mapping[str, Any]) -> set[str]:
    """What the task's filters leave where they find nothing."""
    found = {NOTHING}
    for one in config.get("filter_list") or ():
        for step in one.get("filter") or () if isinstance(one, Mapping) else ():
            if isinstance(step, Mapping) and isinstance(step.get("fallback"), str):
                found.add(step["fallback"].strip())
    return found


def _only_text(responses: Any) -> str | None:
    """The text of the first request; None where it has several (repeats without a choice)."""
    while isinstance(responses, Sequence) and not isinstance(responses, str):
        if len(responses) != 1:
            return None
        responses = responses[0]
    return responses if isinstance(responses, str) else None


def _likelihoods(responses: Any) -> tuple[float, ...]:
    """Of each request (log-likelihood, is greedy), which a samples file has as texts; () where one
    is no number."""
    found = []
    for one in responses if isinstance(responses, list) else ():
        while isinstance(one, list) and one:
            one = one[0]
        try:
            found.append(float(one))
        except (TypeError, ValueError):
            return ()
    return tuple(found) if all(value == value for value in found) else ()


def _target(row: Mapping[str, Any], options: Sequence[str]) -> str:
    target = _text(row.get("target"))
    place = int(target) if target.isascii() and target.isdigit() else len(options)
    return options[place] if place < len(options) else target


def _text(value: object) -> str:
    return "" if value is None else str(value)
