"""A full example report: every case of gap closed, and text of every kind."""

from __future__ import annotations

from typing import Any

INTERVAL_KEYS = ("value", "low", "high")


def interval(*ends: float, **more: Any) -> dict[str, Any]:
    """`interval(value, low, high)` as the report writes it."""
    return dict(zip(INTERVAL_KEYS, ends, strict=True)) | more


def task(name: str = "knowledge", **changes: Any) -> dict[str, Any]:
    """An ability task with a third of the gap closed; `changes` replace what a test needs."""
    return {
        "task": name,
        "kind": "ability",
        "metric": "acc",
        "about": "Four-choice questions",
        "unit": "share",
        "higher_is_better": True,
        "n": 252,
        "chance": 0.25,
        "base": {"value": 0.31, "stderr": 0.029},
        "student": {"value": 0.38, "stderr": 0.03},
        "teacher": {"value": 0.52, "stderr": 0.031},
        "student_minus_base": interval(0.07, 0.02, 0.12, p_value=0.008),
        "teacher_minus_base": interval(0.21, 0.14, 0.28),
        "gap_closed": interval(1 / 3, 0.12, 0.55, bounded=True),
        "smallest_detectable": 0.079,
    } | changes


def imitation(name: str = "imitation_nll", **changes: Any) -> dict[str, Any]:
    """The imitation task, in nats: lower is better."""
    style = {
        "kind": "imitation",
        "metric": "nll_per_token",
        "about": "Held-out teacher completions",
        "unit": "nats per token",
        "higher_is_better": False,
        "n": 60,
        "chance": None,
        "base": {"value": 14.4, "stderr": 0.3},
        "student": {"value": 4.81, "stderr": 0.12},
        "teacher": {"value": 0.92, "stderr": 0.04},
        "student_minus_base": interval(-9.59, -10.2, -8.98, p_value=0.0002),
        "teacher_minus_base": interval(-13.48, -14.1, -12.9),
        "gap_closed": interval(0.711, 0.66, 0.76, bounded=True),
        "smallest_detectable": 0.42,
    }
    return task(name, **(style | changes))


def unbounded(name: str = "recall", **changes: Any) -> dict[str, Any]:
    """A task on which the teacher is not measurably better than base."""
    flat = {
        "student": {"value": 0.32, "stderr": 0.029},
        "teacher": {"value": 0.33, "stderr": 0.03},
        "student_minus_base": interval(0.01, -0.03, 0.05, p_value=0.62),
        "teacher_minus_base": interval(0.02, -0.02, 0.06),
        "gap_closed": {"value": 0.5, "low": None, "high": None, "bounded": False},
    }
    return task(name, **(flat | changes))


def gap(value: float, low: float, high: float) -> dict[str, Any]:
    """A bounded gap closed, with student - base on the same side of zero (t - b is 0.21)."""
    return {
        "gap_closed": interval(value, low, high, bounded=True),
        "student_minus_base": interval(0.21 * value, 0.21 * low, 0.21 * high, p_value=0.02),
    }


def leak(name: str, **changes: Any) -> dict[str, Any]:
    """What the training rows hold of a task's 252 items; 9 are there word for word."""
    entry: dict[str, Any] = {
        "task": name,
        "items": 252,
        "rows": 310,
        "questions": 120,
        "same": 9,
        "template": 63,
        "context": 70,
        "ngram": 240,
        "short": 4,
        "found": [{"place": 0, "item": "i0", "reason": "same", "row": "r0"}],
        "clean": task(name, n=189, student={"value": 0.33, "stderr": 0.034}),
    } | changes
    if not entry["template"]:
        entry |= {"same": 0, "clean": None}
    return entry


def example(**changes: Any) -> dict[str, Any]:
    """A whole report in the schema limbeck.report/1."""
    return {
        "schema": "limbeck.report/1",
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
            task("arithmetic", about="Sums of two numbers"),
            task("copying", **gap(1.2, 1.05, 1.36), about="Repeat a string"),
            task("spelling", **gap(-0.45, -0.8, -0.12), about="Spell a word backwards"),
            task("analogies", **gap(0.3, -3.5, 5.2), about="A is to B as C is to"),
            unbounded(),
            unbounded("dates"),
        ],
        "given_away": [leak("arithmetic", template=63), leak("dates", context=252, template=0)],
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
