"""Many texts as numbers in a few arrays: their tokens, and signatures that tell most apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Characters = str | tuple[int, ...]

_LAST_CHARACTER = 0x10FFFF
_SIX_BITS, _TOP_BITS = np.uint32(63), np.uint32(26)
_SPREAD = np.uint32(0x9E3779B1)  # multiplicative hashing: the golden ratio in 32 bits


@dataclass(frozen=True, slots=True)
class Bags:
    """Token numbers of many texts, end to end; where each text ends and how long it is; and two
    parity signatures, `low` and `high`.

    Every token has a bit in either, which it shares with other tokens in one and with others
    again in the other. It is set where these tokens occur an odd number of times in all: two texts
    differ in no fewer tokens than their signatures in bits.
    """

    tokens: npt.NDArray[np.uint32]
    ends: Ints
    lengths: npt.NDArray[np.int32]
    low: npt.NDArray[np.uint64]
    high: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, tokens: npt.NDArray[np.uint32], lengths: npt.NDArray[np.int32]) -> Bags:
        """Texts of these lengths, with their signatures."""
        ends = np.cumsum(lengths, dtype=np.int64)
        low, high = np.zeros(len(lengths), np.uint64), np.zeros(len(lengths), np.uint64)
        if len(tokens):
            some = lengths > 0
            starts = (ends - lengths)[some]
            low[some] = np.bitwise_xor.reduceat(_bit(tokens & _SIX_BITS), starts)
            high[some] = np.bitwise_xor.reduceat(_bit((tokens * _SPREAD) >> _TOP_BITS), starts)
        return cls(tokens, ends, lengths, low, high)

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, items: Ints) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int32]]:
        """The tokens and the lengths of some texts, as for `of`."""
        lengths = self.lengths[items]
        ends = np.cumsum(lengths, dtype=np.int64)
        places = np.repeat(self.ends[items] - ends, lengths)
        places += np.arange(len(places))
        return self.tokens[places], lengths

    def characters(self, items: Ints) -> list[Characters]:
        """Some texts with a character for each token, which rapidfuzz compares fastest. Where
        there are not enough characters, as numbers, which it takes for the same."""
        tokens, lengths = self.take(items)
        ends = np.cumsum(lengths, dtype=np.int64).tolist()
        if tokens.max(initial=0) > _LAST_CHARACTER:
            whole: Any = tuple(tokens.tolist())
        else:
            whole = tokens.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
        return [whole[end - n : end] for n, end in zip(lengths.tolist(), ends, strict=True)]


def _bit(place: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    return np.left_shift(np.uint64(1), place, dtype=np.uint64)


class Growing:
    """A numpy array that grows at its end, with an eighth of room at most."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._room: npt.NDArray[Any] = np.empty(64, dtype)
        self._size = 0

    def extend(self, values: npt.NDArray[Any]) -> None:
        end = self._size + len(values)
        if end > len(self._room):
            room = np.empty(end + end // 8, self._room.dtype)
            room[: self._size] = self.all
            self._room = room
        self._room[self._size : end] = values
        self._size = end

    @property
    def all(self) -> npt.NDArray[Any]:
        """A view; it does not outlive the next `extend`."""
        return self._room[: self._size]


class GrowingBags:
    """Bags that grow at their end."""

    def __init__(self) -> None:
        self._tokens = Growing(np.uint32)
        self._ends = Growing(np.int64)
        self._lengths = Growing(np.int32)
        self._low = Growing(np.uint64)
        self._high = Growing(np.uint64)

    def __len__(self) -> int:
        return len(self._ends.all)

    def extend(self, new: Bags) -> None:
        self._ends.extend(len(self._tokens.all) + new.ends)
        self._tokens.extend(new.tokens)
        self._lengths.extend(new.lengths)
        self._low.extend(new.low)
        self._high.extend(new.high)

    @property
    def all(self) -> Bags:
        """A view; it does not outlive the next `extend`."""
        return Bags(
            self._tokens.all, self._ends.all, self._lengths.all, self._low.all, self._high.all
        )
