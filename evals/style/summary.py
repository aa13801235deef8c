"""The style section of a report: four sets of answers to the same prompts in, numbers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.errors import UserError
from limbeck.evals.style.ask import outcome
from limbeck.evals.style.closed import NOTHING, closed, closed_overall, rounded
from limbeck.evals.style.distances import Measured, measured
from limbeck.evals.style.text import Text
from limbeck.evals.style.two_sample import two_sample
from limbeck.record import content_hash

ROLES = ("base", "student", "teacher", "teacher_again")
OUTCOMES = ("complete", "truncated", "refused", "empty", "failed")
SAMPLES = 6

Texts = Mapping[str, Sequence[str | None]]


def summary(
    prompts: Sequence[str],
    texts: Texts,
    *,
    seed: int = 0,
    reasons: Mapping[str, Sequence[str]] | None = None,
    setting: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Style of base and student against the teacher's, with a second sample of the teacher's.

    `texts` has base, student, teacher and teacher_again, each an answer to every prompt, None where
    the call failed; `reasons` why an answer is no whole one, as `ask.Answers` has them. `prompts`
    in the result is how many all four answered: only these are compared, truncated, refused and
    empty answers among them; `dropped` counts the others. `same` is how many second answers
    of the teacher are the first one. Each feature has, beside what it is, its `distance` by role,
    and `counts`, whether it enters `closed`. `outcomes` are of all prompts asked.

    Raises UserError where the answers are not those of the prompts.
    """
    for role in ROLES:
        if role not in texts or len(texts[role]) != len(prompts):
            found = len(texts[role]) if role in texts else "no"
            raise UserError(
                f"{role} has {found} answers to {len(prompts)} prompts of eval.style; the models "
                "were asked different prompts. Run limbeck eval again"
            )
    answered = [
        place for place in range(len(prompts)) if all(texts[r][place] is not None for r in ROLES)
    ]
    # White space around an answer is the chat template's or the API's, and nobody's style.
    said = {role: [(texts[role][place] or "").strip() for place in answered] for role in ROLES}
    features: list[Measured] = []
    if len(answered) > 1:
        features = measured({role: [Text.of(one) for one in said[role]] for role in ROLES})
    return {
        "prompts": len(answered),
        "dropped": len(prompts) - len(answered),
        "same": sum(a == b for a, b in zip(said["teacher"], said["teacher_again"], strict=True)),
        "setting": dict(setting or {}),
        "features": [_row(one) for one in features],
        "closed": closed_overall(features) if features else dict(NOTHING),
        "auc": two_sample(said, seed=seed),
        "outcomes": {role: _outcomes(texts[role], (reasons or {}).get(role)) for role in ROLES},
        "samples": _samples([prompts[place] for place in answered], said, seed),
    }


def _row(feature: Measured) -> dict[str, Any]:
    distances = feature.distances
    return {
        "name": feature.name,
        "about": feature.about,
        "unit": feature.unit,
        **{role: rounded(feature.shown[role]) for role in ROLES},
        "distance": {role: rounded(several.mean()) for role, several in distances.items()},
        "closed": closed(*(distances[role] for role in ("base", "student", "teacher_again"))),
        "counts": feature.counts,
    }


def _outcomes(texts: Sequence[str | None], reasons: Sequence[str] | None) -> dict[str, int]:
    found = dict.fromkeys(OUTCOMES, 0)
    for place, text in enumerate(texts):
        if text is None:
            found["failed"] += 1
        else:
            found[outcome(text, reasons[place] if reasons else "") or "complete"] += 1
    return found


def _samples(
    prompts: Sequence[str], said: Mapping[str, Sequence[str]], seed: int
) -> list[dict[str, str]]:
    """A few prompts, drawn by their own text, with what everybody answered."""
    order = sorted(range(len(prompts)), key=lambda at: (content_hash([seed, prompts[at]]), at))
    return [
        {"prompt": prompts[place], **{role: said[role][place] for role in ROLES}}
        for place in sorted(order[:SAMPLES])
    ]
