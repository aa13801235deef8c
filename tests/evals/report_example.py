"""A full example report: every case of gap closed, and text of every kind.

`example` has the schema limbeck.report/2 and `first_schema` what a limbeck.report/1 has of it.
"""

from __future__ import annotations

from typing import Any

from tests.evals.report_parts import (
    contaminated,
    feature,
    flips,
    gap,
    imitation,
    interval,
    judge,
    leak,
    outcomes,
    pool,
    style,
    support,
    task,
    unbounded,
    wide,
    with_holm,
)

NEW_KEYS = ("pooled", "contamination", "style", "judge")


def first_schema(**changes: Any) -> dict[str, Any]:
    """The example as limbeck.report/1 has it, with all that was under its old names."""
    report = {key: value for key, value in example().items() if key not in NEW_KEYS}
    tasks = [
        {
            key: value
            for key, value in row.items()
            if key not in ("outcomes", "flips", "support", "readable", "few_shot_base")
        }
        for row in report["tasks"]
        if row["kind"] != "forgetting" and "view" not in row
    ]
    for row in tasks:
        row.pop("smallest_detectable_before", None)
        row["student_minus_base"] = dict(row["student_minus_base"])
        row["student_minus_base"].pop("p_holm", None)
    leaks = [leak("arithmetic", template=63), leak("dates", context=252, template=0)]
    return {**report, "schema": "limbeck.report/1", "tasks": tasks, "given_away": leaks} | changes


def example(**changes: Any) -> dict[str, Any]:
    """A whole report in the schema limbeck.report/2."""
    return {
        "schema": "limbeck.report/2",
        "name": "quickstart",
        "limbeck_version": "0.1.0",
        "models": {
            "teacher": {
                "name": "bundled",
                "about": "SmolLM2-135M-Instruct",
                "parameters": 134515008,
            },
            "base": {"name": "bundled:10", "about": "its first 10 layers", "parameters": 63700000},
            "student": {
                "name": "runs/quickstart",
                "about": "the base, trained",
                "parameters": None,
            },
        },
        "protocol": {
            "hash": "9f3a5c1e77b04d21",
            "form": "loglikelihood",
            "prompt": "chat",
            "max_tokens": 64,
            "seed": 0,
        },
        "tasks": [
            imitation(),
            imitation(
                "rouge_l",
                unit="",
                metric="rouge_l",
                higher_is_better=True,
                base={"value": 0.12, "stderr": 0.01},
                student={"value": 0.31, "stderr": 0.02},
                teacher=None,
                student_minus_base=interval(0.19, 0.15, 0.23, p_value=1e-9),
                teacher_minus_base=None,
                gap_closed=None,
                smallest_detectable=0.04,
                about="Overlap with the teacher",
            ),
            with_holm(
                task(
                    "arithmetic",
                    about="Sums of two numbers",
                    smallest_detectable_before=0.081,
                    outcomes=outcomes(
                        base=(78, 64, 101), student=(96, 140, 7), teacher=(131, 108, 4)
                    ),
                    flips=flips(),
                    support=support(),
                    readable={
                        "format": interval(0.052, 0.021, 0.083),
                        "ability": interval(0.018, -0.021, 0.057),
                    },
                    few_shot_base={
                        "shots": 4,
                        "n": 252,
                        "value": 0.36,
                        "stderr": 0.03,
                        "minus_base": interval(0.05, 0.01, 0.09, p_value=0.01),
                    },
                ),
                0.04,
            ),
            with_holm(task("copying", **gap(1.2, 1.05, 1.36), about="Repeat a string"), 0.01),
            with_holm(
                task(
                    "spelling",
                    **gap(-0.45, -0.8, -0.12),
                    about="Spell a word backwards",
                    outcomes=outcomes(
                        base=(80, 150, 13), student=(60, 160, 23), teacher=(140, 99, 4)
                    ),
                    flips=flips(copied=None),
                    support=support(slope=None),
                ),
                0.03,
            ),
            with_holm(task("analogies", **wide(), about="A is to B as C is to"), 1.0),
            with_holm(unbounded(), 1.0),
            with_holm(unbounded("dates"), 1.0),
            with_holm(
                task(
                    "unrelated_trivia",
                    kind="forgetting",
                    about="Questions outside the domain",
                    student={"value": 0.25, "stderr": 0.03},
                    student_minus_base=interval(-0.06, -0.1, -0.02, p_value=0.004),
                    teacher=None,
                    teacher_minus_base=None,
                    gap_closed=None,
                ),
                0.008,
            ),
            with_holm(
                unbounded("calendar", kind="forgetting", teacher=None, teacher_minus_base=None)
                | {"gap_closed": None},
                0.62,
            ),
            task(
                "arithmetic",
                view="likelihood",
                teacher=None,
                teacher_minus_base=None,
                gap_closed=None,
                about="Sums of two numbers, by likelihood",
            ),
        ],
        "pooled": [
            pool(
                "imitation",
                ["imitation_nll", "rouge_l"],
                gap_closed=interval(0.71, 0.66, 0.76, bounded=True),
                left_out=[],
            ),
            pool(
                "ability",
                ["arithmetic", "copying", "spelling", "analogies", "recall", "dates"],
            ),
            pool(
                "forgetting",
                ["unrelated_trivia", "calendar"],
                student_minus_base=interval(-0.025, -0.05, 0.001),
                teacher_minus_base=None,
                gap_closed=None,
                left_out=[],
            ),
            pool("numbers", ["arithmetic", "dates"], left_out=[]),
        ],
        "contamination": [
            contaminated("arithmetic"),
            contaminated("dates", template=0, flagged=0, context=252),
        ],
        "style": style(),
        "judge": judge(),
        "in_context": None,
        "funnel": [
            {"label": "prompts", "count": 440},
            {"label": "asked", "count": 440},
            {"label": "refused by complete: truncated", "count": 31},
            {"label": "refused by minhash: near-duplicate of a kept row", "count": 19},
            {"label": "kept", "count": 390},
            {"label": "train", "count": 310},
            {"label": "valid", "count": 80},
        ],
        "training": {
            "examples": 310,
            "epochs": 4,
            "tokens": 91234,
            "loss_tokens": 60123,
            "curve": [_point(step) for step in range(2, 156, 2)],
        },
        "cost": {
            "calls": 440,
            "prompt_tokens": 12345,
            "completion_tokens": 23456,
            "usd": None,
        },
        "samples": [
            {
                "prompt": "Name three colours of the sky.",
                "base": "the the the the sky sky, of the of and",
                "student": "1. Blue\n2. Grey\n3. Red, in the evening",
                "teacher": "Here are three colours of the sky:\n\n1. Blue\n2. Orange\n3. Pink",
            },
            {
                "prompt": "ما هي عاصمة فرنسا؟ Antworte kurz. 请用中文回答。",
                "base": "\x1b[31m\ud800 \u202e",
                "student": "عاصمة فرنسا هي باريس.",
                "teacher": "法国的首都是巴黎。 👩🏽‍🔬",
            },
        ],
        "versions": {"python": "3.11.7", "torch": "2.13.0", "transformers": "5.10.1"},
        "limits": [
            "One training seed: the spread between runs is not in the intervals.",
            "The held-out prompts are of the same kind as the training prompts.",
        ],
    } | changes


def _point(step: int) -> dict[str, Any]:
    train = 1.4 + 4.2 / (1 + step / 18) + 0.13 * ((step * 7919) % 11 - 5) / 5
    valid = 1.62 + 4.1 / (1 + step / 17) if step % 26 == 0 else None
    return {"step": step, "epoch": step / 38.5, "train_loss": train, "valid_loss": valid}


def hostile(text: str) -> dict[str, Any]:
    """The example with one text in every place that comes from a model or a file."""
    roles = ("base", "student", "teacher")
    pairs = [
        pair | {"one": text, "other": text, "coefficients": {text: 1.0}}
        for pair in judge()["pairs"]
    ]
    keys = ("item", "rule", "side", "row", "text", "question")
    entry = contaminated(text)
    entry["found"] = [hit | dict.fromkeys(keys, text) for hit in entry["found"]]
    pools = [one | {"tasks": [text, text]} for one in example()["pooled"]]
    pools[0]["left_out"] = [one | {"task": text} for one in pools[1]["left_out"]]
    said = dict.fromkeys(("prompt", *roles), text)
    names = dict.fromkeys(("hash", "form", "prompt", "max_tokens", "seed"), text)
    return example(
        name=text,
        models={role: {"name": text, "about": text, "parameters": 1} for role in roles},
        limits=[text, text],
        protocol=names | {"asked": {"base": text}},
        tasks=[
            row | {"task": text, "about": text, "metric": text, "unit": text}
            for row in example()["tasks"]
        ],
        pooled=[*pools, pools[0] | {"group": text}],
        contamination=[entry],
        style=style(
            features=[feature(text, 0.2, about=text, unit=text), feature(text, 0.9)],
            setting={"temperature": text, "max_tokens": text},
            samples=[said | {"teacher_again": text}],
        ),
        judge=judge(judge=text, pairs=pairs),
        funnel=[step | {"label": text} for step in example()["funnel"]],
        samples=[said] * 2,
        versions={text: text, "b": text, "c": text},
    )
