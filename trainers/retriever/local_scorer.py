"""Local weights as the model that scores."""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.hf import Loaded
from limbeck.teachers.scoring import Scorer


class LocalScorer:
    """A `TargetScorer`. Raises what `limbeck.teachers.scoring.Scorer` raises."""

    def __init__(self, loaded: Loaded) -> None:
        self.name = str(loaded.name)
        dtype = str(loaded.model.dtype).removeprefix("torch.")
        self.identity = f"{loaded.fingerprint} {dtype}"
        self.window: int | None = getattr(loaded.model.config, "max_position_embeddings", None)
        self._tokenizer = loaded.tokenizer
        self._scorer = Scorer(loaded)

    def tokens(self, text: str, /) -> int:
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def __call__(self, pairs: Sequence[tuple[str, str]], /) -> list[float]:
        return [score for score, _ in self._scorer(pairs)]
