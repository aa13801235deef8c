"""Loops to test with: a task of 100 items, of which so many are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from limbeck.evals.rounds.rounds import RoundRun, rounds
from limbeck.wilson import wilson

ITEMS = 100
Column = Sequence[float | None]
Scores = Mapping[str, Column]


def right(count: int, first: int = 0) -> list[float | None]:
    """So many items right, from the place `first` on."""
    return [float((n - first) % ITEMS < count) for n in range(ITEMS)]


def result(scores: Scores, **task: Any) -> dict[str, Any]:
    tasks = [
        {
            "task": name,
            "kind": "ability",
            "metric": "acc",
            "higher_is_better": True,
            "items": [
                {"id": f"{n}", "doc": f"{name}{n}", "prompt": f"p{n}", "score": score}
                for n, score in enumerate(column)
            ],
            **task,
        }
        for name, column in scores.items()
    ]
    return {"about": "a model", "parameters": 1000, "tasks": tasks}


def costs(calls: int, usd: float | None) -> dict[str, Any]:
    return {
        "calls": calls,
        "prompt_tokens": 10 * calls,
        "completion_tokens": 5 * calls,
        "usd": usd,
    }


def share(value: float | None, low: float | None = None, high: float | None = None) -> Any:
    return {"value": value, "low": low, "high": high}


def judged(relative: float, n: int = 40) -> dict[str, Any]:
    """A referee's summary, in the shape of limbeck.evals.referee.summary."""
    return {
        "n": n,
        "unparsed": 2,
        "failed": 0,
        "asked_again": 3,
        "flip_rate": share(0.2, 0.1, 0.35),
        "tie_rate": share(0.1, 0.04, 0.23),
        "first_place": share(0.31, 0.05, 0.57),
        "teacher": share(8.0, 7.6, 8.4),
        "student": share(8.0 * relative, 7.0 * relative, 9.0 * relative),
        "relative": share(relative, relative - 0.05, relative + 0.05),
    }


def apart(hard: int, easy: int, **changes: Any) -> dict[str, Any]:
    """A summary of a discrimination."""
    low, high = wilson(hard, hard + easy)
    return {
        "sampled": hard + easy + 5,
        "cache": 400,
        "by": {"target": hard + easy, "referee": 0},
        "hard": hard,
        "easy": easy,
        "excluded": {"unparsed": 4, "failed": 1},
        "hard_share": share(hard / (hard + easy), low, high),
        "both_right": 30,
        "teacher_only": hard,
        "student_only": 4,
        "neither": 9,
        "referee": None,
        "tau": 1.0,
    } | changes


def run(arm: str, number: int, student: Scores, **changes: Any) -> RoundRun:
    """One round: base has 20 of 100 right, the teacher 80."""
    is_loop, hard = arm == "loop", max(0, 60 - 10 * number)
    made = RoundRun(
        arm=arm,
        number=number,
        name=f"{arm}-{number}",
        seeds=100 * number,
        rows=90 * number,
        tokens=9000 * number,
        roles={
            "base": result({name: right(20) for name in student}),
            "student": result(student),
            "teacher": result({name: right(80) for name in student}),
        },
        cost={"imitate": costs(100, 0.5), "write": costs(20, 0.1)}
        | ({"discriminate": costs(50, 0.25), "held_out": costs(80, 0.4)} if is_loop else {}),
        discriminated=apart(hard, 100 - hard) if is_loop else None,
        written={
            "wanted": 100,
            "kept": 96,
            "hard": 50 if is_loop else 0,
            "easy": 46 if is_loop else 0,
            "refused": {"rouge_l": 12, "held_out": 1},
            "asked": 120,
        },
        held_out=judged(0.7 + 0.05 * number) if is_loop else None,
    )
    return replace(made, **changes)


def three(gain: int = 8, *, names: Sequence[str] = ("数学",)) -> list[RoundRun]:
    """Three rounds, 10 items more right each; a control that is `gain` items behind from round 2
    on, and the last of the loop without discrimination."""
    loop = [run("loop", k, {name: right(20 + 10 * k) for name in names}) for k in (1, 2, 3)]
    control = [
        run("control_rows", k, {name: right(20 + 10 * k - gain) for name in names}) for k in (2, 3)
    ]
    last = replace(loop[2], discriminated=None, written=None, cost={"imitate": costs(100, 0.5)})
    return [*loop[:2], last, *control]


def made(runs: Sequence[RoundRun], **changes: Any) -> dict[str, Any]:
    settings = {"rounds": 3, "start": "base", "train_pool": "accumulate", "tau": 1.0, "new": 100}
    given: dict[str, Any] = {
        "base_held_out": judged(0.5),
        "settings": {**settings, "hard_share": 0.5, "by": "auto", "weight": "even"},
        "stopped": "all 3 rounds are done",
        "stop_task": None,
        "teacher": "strong",
        "student": "small",
        "referee": "judge",
        "seed": 0,
    }
    return rounds("r", "0.1", runs, **(given | changes))
