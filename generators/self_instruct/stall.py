"""When asking on would bring nothing new: the last calls' instructions were nearly all refused."""

from __future__ import annotations

from collections import Counter, deque


class Stall:
    """Watches the last `calls` calls; a stall is when under `share` of what they said was kept.

    Calls that said nothing, or failed, count as calls that brought nothing.
    """

    def __init__(self, calls: int, share: float) -> None:
        self._share = share
        self._last: deque[tuple[int, int, Counter[str], str]] = deque(maxlen=calls)

    def saw(self, said: int, kept: int, refused: Counter[str], failure: str = "") -> str | None:
        """One more call in order; `failure` is why it got no reply. A sentence that says why,
        once nothing comes any more."""
        self._last.append((said, kept, refused, failure))
        if len(self._last) < (self._last.maxlen or 0):
            return None
        all_said = sum(said for said, _, _, _ in self._last)
        all_kept = sum(kept for _, kept, _, _ in self._last)
        if all_said and all_kept >= self._share * all_said:
            return None
        calls = len(self._last)
        failures = Counter(failure for _, _, _, failure in self._last if failure)
        failed = f"{failures.total()} of them failed: {_listed(failures)}" if failures else ""
        if failures.total() == calls:
            return f"the last {calls} calls all failed ({_listed(failures)})"
        if not all_said:
            more = f" ({failed})" if failed else ""
            return (
                f"the last {calls} calls brought no instruction that could be read{more}{_ADVICE}"
            )
        why: Counter[str] = Counter()
        for _, _, rules, _ in self._last:
            why += rules
        more = f"; {failed}" if failed else ""
        return (
            f"of the {all_said} instructions of the last {calls} calls {all_kept} were kept "
            f"({all_kept / all_said:.1%}, under {self._share:.1%}); refused: {_listed(why)}{more}"
            f"{_ADVICE}"
        )


_ADVICE = ". More or other seeds, a higher temperature or a stronger teacher may help"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
