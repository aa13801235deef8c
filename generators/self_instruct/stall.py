"""When asking on would bring nothing new: the last calls' instructions were nearly all refused."""

from __future__ import annotations

from collections import Counter, deque


class Stall:
    """Watches the last `calls` calls; a stall is when under `share` of what they said was kept.

    Calls that said nothing count as calls that brought nothing.
    """

    def __init__(self, calls: int, share: float) -> None:
        self._share = share
        self._last: deque[tuple[int, int, Counter[str]]] = deque(maxlen=calls)

    def saw(self, said: int, kept: int, refused: Counter[str]) -> str | None:
        """One more call in order. A sentence that says why, once nothing comes any more."""
        self._last.append((said, kept, refused))
        if len(self._last) < (self._last.maxlen or 0):
            return None
        all_said = sum(said for said, _, _ in self._last)
        all_kept = sum(kept for _, kept, _ in self._last)
        if all_said and all_kept >= self._share * all_said:
            return None
        calls = len(self._last)
        if not all_said:
            return f"the last {calls} calls brought no instruction that could be read"
        why: Counter[str] = Counter()
        for _, _, rules in self._last:
            why += rules
        listed = ", ".join(f"{count} {rule}" for rule, count in sorted(why.items()))
        return (
            f"of the {all_said} instructions of the last {calls} calls {all_kept} were kept "
            f"({all_kept / all_said:.1%}, under {self._share:.1%}); refused: {listed}"
        )
