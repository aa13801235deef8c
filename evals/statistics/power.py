"""What a run will be able to see, said before it is paid for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.pages.wording import visible
from limbeck.evals.transfer import DISCORDANT, POWER_FACTOR, smallest_detectable

ASSUMED = (
    "Assumed: 80% power at 5%, base and student differ on a fifth of the items (or on as many as "
    "the change itself takes). How alike questions of one template are is not known before a run."
)


def before(n: int, *, binary: bool, clusters: int | None = None) -> float | None:
    """The smallest student - base that n items would show with 80% power at 5%, as a share.

    It assumes that a fifth of the items are discordant, or as many as the change itself takes where
    that is more: n items cannot show 28 points while only 20 differ. At most 1, where nothing would
    be seen. `clusters`, how many templates or passages the items have, gives the figure for items
    that stand or fall with their template: the truth lies between it and that without clusters,
    since the design effect is not known before a run. None where scores are not 0/1 (`binary`):
    how much they vary is not known either. Raises ValueError for n or clusters under 1.
    """
    count = n if clusters is None else min(n, clusters)
    if count < 1:
        raise ValueError(f"power takes at least one item, got {count}")
    if not binary:
        return None
    found = smallest_detectable(count)
    return found if found <= DISCORDANT else min(1.0, POWER_FACTOR**2 / count)


def report_lines(tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    """One plain sentence for each task, {"task", "n", "binary", "clusters" (a count, or None)}, and
    one with what was assumed; nothing for no tasks. Control characters of names are made visible;
    rich markup is the caller's to escape."""
    lines = [f"{visible(task['task'], one_line=True)}: {_line(task)}" for task in tasks]
    return [*lines, ASSUMED] if any(task["binary"] for task in tasks) else lines


def _line(task: Mapping[str, Any]) -> str:
    n, clusters = int(task["n"]), task.get("clusters")
    items = f"{n:,} item" + ("" if n == 1 else "s")
    if n < 2:
        return f"{items}; no change can be seen"
    if not task["binary"]:
        return f"{items}; what change can be seen is known after the run, from how scores vary"
    alone = before(n, binary=True)
    if clusters is None or clusters >= n:
        return f"{items}; {_unseen(alone)}"
    together = before(n, binary=True, clusters=clusters)
    items = f"{n:,} items of {clusters:,} template" + ("" if clusters == 1 else "s")
    if together is None or together >= 1:
        end = "and perhaps none would be"
    else:
        end = f"or under {100 * together:.1f}"
    return f"{items}; {_unseen(alone)}, {end} if a template's items all turn out alike"


def _unseen(change: float | None) -> str:
    if change is None or change >= 1:
        return "a change would probably not be seen"
    return f"a change under {100 * change:.1f} points would probably not be seen"
