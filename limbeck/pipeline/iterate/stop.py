"""When the loop ends before its last round."""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.recipe_iterate import Stop


def why_stopped(scores: Sequence[float | None], stop: Stop) -> str:
    """The sentence that says why there is no further round; "" where there may be one.

    `scores` are the held-out scores of the rounds so far. A round gained something where it is more
    than `min_gain` above the best of those before it; a score that is missing neither gains nor
    loses.
    """
    if stop.patience is None:
        return ""
    best: float | None = None
    best_round, waited = 0, 0
    for number, score in enumerate(scores, start=1):
        if score is None:
            continue
        if best is None or score > best + stop.min_gain:
            waited = 0
        else:
            waited += 1
        if best is None or score > best:
            best, best_round = score, number
    if waited < stop.patience or best is None:
        return ""
    rounds = "1 round" if waited == 1 else f"{waited} rounds"
    text = f"stopped after round {len(scores)}: for {rounds} the held-out score did not rise"
    if not stop.min_gain:
        return f"{text} above the {best:.4g} of round {best_round}"
    # The best may be one of these rounds: better than those before it, and not by enough.
    return (
        f"{text} by more than {stop.min_gain:g} above the best before; the best is the {best:.4g} "
        f"of round {best_round}"
    )
