"""Parts of a report, each a case that a reader must be told of; `changes` replace what a test
needs."""

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


def wide() -> dict[str, Any]:
    """A bounded gap closed that lies far beyond any axis: the teacher's lead is small."""
    return {
        "gap_closed": interval(0.3, -3.5, 5.2, bounded=True),
        "student_minus_base": interval(0.012, -0.05, 0.074, p_value=0.7),
        "teacher_minus_base": interval(0.04, 0.001, 0.079),
    }


def with_holm(row: dict[str, Any], p_holm: float) -> dict[str, Any]:
    """A row whose p was adjusted over the tasks of its kind."""
    return row | {"student_minus_base": row["student_minus_base"] | {"p_holm": p_holm}}


def outcomes(**shares: tuple[int, int, int]) -> dict[str, Any]:
    """Right, wrong and unparseable answers of each role, and a few of every other kind."""
    made = {}
    for role, (right, wrong, unparseable) in shares.items():
        made[role] = {
            "right": right,
            "wrong": wrong,
            "unparseable": unparseable,
            "truncated": 6,
            "refused": 2,
            "failed": 1,
        }
    return made


def flips(**changes: Any) -> dict[str, Any]:
    """Of 252 items; a third of the teacher's errors are copied, measurably more than base has."""
    return {
        "n": 252,
        "acquired": {"count": 34, "of": 90},
        "forgotten": {"count": 16, "of": 78},
        "past_teacher": {"count": 9, "of": 121},
        "copied": {
            "of": 100,
            "count": 34,
            "rate": 0.34,
            "base_rate": 0.12,
            "difference": interval(0.22, 0.11, 0.33),
            "p_value": 0.001,
            "both_wrong": {
                "of": 61,
                "count": 20,
                "rate": 0.328,
                "base_rate": 0.131,
                "difference": interval(0.197, 0.07, 0.324),
                "p_value": 0.004,
            },
        },
    } | changes


def support(**changes: Any) -> dict[str, Any]:
    """A gain that grows with the similarity to the training rows."""
    ranges = [(0.02, 0.11), (0.11, 0.19), (0.19, 0.34), (0.34, 0.97)]
    parts = []
    for place, (low, high) in enumerate(ranges):
        value = 0.01 + 0.04 * place
        parts.append(
            {
                "low": low,
                "high": high,
                "n": 63,
                "student_minus_base": interval(value, value - 0.07, value + 0.07),
                "teacher_minus_base": interval(0.21, 0.1, 0.32),
                "gap_closed": interval(value / 0.21, value / 0.21 - 0.4, value / 0.21 + 0.4)
                | {"bounded": place != 1},
            }
        )
    slope = interval(0.021, 0.004, 0.038) | {"p_value": 0.015}
    return {"quartiles": parts, "slope": slope} | changes


def pool(group: str, tasks: list[str], **changes: Any) -> dict[str, Any]:
    """The mean over several tasks, with a fifth of the gap closed."""
    return {
        "group": group,
        "tasks": tasks,
        "n": 252 * len(tasks),
        "student_minus_base": interval(0.031, 0.011, 0.051),
        "teacher_minus_base": interval(0.152, 0.121, 0.183),
        "gap_closed": interval(0.204, 0.07, 0.34, bounded=True),
        "left_out": [
            {"task": name, "gap_closed": interval(0.15 + 0.03 * i, 0.01, 0.4, bounded=True)}
            for i, name in enumerate(tasks)
        ],
    } | changes


def feature(name: str, value: float, width: float = 0.1, **changes: Any) -> dict[str, Any]:
    """A feature of style in which that share of the way to the second teacher sample is gone."""
    return {
        "name": name,
        "about": f"{name} in an answer",
        "unit": "share",
        "base": 0.13,
        "student": round(0.13 + 0.7 * value, 3),
        "teacher": 0.85,
        "teacher_again": 0.83,
        "closed": interval(value, value - width, value + width, bounded=True),
    } | changes


def style(**changes: Any) -> dict[str, Any]:
    """Style that is nearly all there, with one feature that lags and one without a bound."""
    features = [
        feature("lists", 0.97),
        feature("headers", 0.93),
        feature("bold", 1.05),
        feature("length", 0.88, unit="words", base=41.2, student=103.0, teacher=120.5)
        | {"teacher_again": 117.9},
        feature("opening words", 0.91),
        feature("closing summary", 0.87),
        feature("hedges", 0.31),
        feature("unigram overlap", 0.94),
        feature("code fences", 0.5, closed={"value": 0.5, "low": None, "high": None}),
    ]
    features[-1]["closed"]["bounded"] = False
    return {
        "prompts": 120,
        "setting": {"temperature": 0.7, "max_tokens": 256},
        "features": features,
        "closed": interval(0.95, 0.88, 1.02, bounded=True),
        "auc": {
            "base": interval(0.97, 0.95, 0.99),
            "student": interval(0.62, 0.55, 0.69),
            "teacher_again": interval(0.51, 0.44, 0.58),
        },
        "outcomes": {
            "base": {"complete": 60, "truncated": 52, "refused": 1, "empty": 7},
            "student": {"complete": 111, "truncated": 5, "refused": 4, "empty": 0},
            "teacher": {"complete": 114, "truncated": 2, "refused": 4, "empty": 0},
            "teacher_again": {"complete": 115, "truncated": 1, "refused": 4, "empty": 0},
        },
        "samples": [
            {
                "prompt": "Plan a weekend in Lisbon.",
                "base": "Lisbon is a city. Lisbon is a city.",
                "student": "**Day 1**\n- Alfama\n- Castle\n\n**Day 2**\n- Belém",
                "teacher": "## Saturday\n- Alfama\n\n## Sunday\n- Belém\n\nEnjoy!",
                "teacher_again": "Here is a plan:\n\n1. Belém\n2. Alfama",
            }
        ],
    } | changes


def judge(**changes: Any) -> dict[str, Any]:
    """A judge that prefers the student to base, and whose verdicts the order often changes."""
    pair = {
        "one": "student",
        "other": "base",
        "n": 120,
        "win_rate": interval(0.71, 0.63, 0.79),
        "flip_rate": interval(0.18, 0.12, 0.26),
        "unreadable": 3,
        "controlled": interval(0.58, 0.49, 0.67),
        "coefficients": {"length": 0.42, "headers": 0.05, "bold": -0.02, "lists": 0.11},
    }
    other = pair | {"other": "teacher_again", "win_rate": interval(0.44, 0.36, 0.52)}
    other |= {"controlled": None, "coefficients": None}
    return {"judge": "fake:judge", "prompts": 120, "pairs": [pair, other]} | changes


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


def contaminated(name: str, **changes: Any) -> dict[str, Any]:
    """`leak` with the further rules, the texts that were found and the scores without them."""
    entry = leak(name) | {"exact": 9, "coverage": 21, "cosine": 66, "flagged": 71}
    found = [
        {
            "place": 0,
            "item": "i0",
            "rule": "cosine",
            "score": 0.71,
            "side": "prompt",
            "row": "r0",
            "text": "Tom has 3 apples and buys 4 more. How many apples has Tom?",
            "question": "Tom owns 3 apples. He buys 4 others. How many does he have now?",
        },
        {
            "place": 7,
            "item": "i7",
            "rule": "exact",
            "score": 1.0,
            "side": "completion",
            "row": "r9",
            "text": "ما هو مجموع ٣ و ٤؟ \x1b[31m\u202e",
            "question": "ما هو مجموع ٣ و ٤؟",
        },
    ]
    entry |= {"found": found, "difference": interval(0.021, 0.004, 0.038)} | changes
    if not entry["flagged"]:
        entry |= {"same": 0, "exact": 0, "coverage": 0, "cosine": 0, "found": []}
        entry |= {"clean": None, "difference": None}
    return entry
