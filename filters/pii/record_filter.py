"""Record filter `pii`: rows with personal data or secrets are refused, or masked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from limbeck.filters.pii.find import find_pii
from limbeck.filters.pii.found import KINDS, Kind
from limbeck.filters.pii.mask import Masker
from limbeck.record import Record, Verdict

# Meta that holds text of the prompt, and of the completion. All other keys hold names, numbers,
# ids, or options of a closed list.
_PROMPT_META = ("instruction", "input", "options")
_IDS = ("id", "type")  # of a call: a tool's answer names it by them
_COMPLETION_META = (
    "rationale", "reasoning", "tool_calls", "target_reasoning", "target_tool_calls",
    "answer", "answer_text", "label_distribution",
)  # fmt: skip


@dataclass
class Pii:
    """Refuses a row in which personal data or a secret is found; the reason is its kind.

    Where a row has several kinds, the reason is the one that stands first in `kinds`; `score` is
    how many pieces were found. With `mask` such rows stay, with the reason "masked", and
    `changed` gives them placeholders in the place of what was found: `[EMAIL_1]`, the same for
    the same value in the whole record, in messages with their calls of tools and reasoning,
    completion, target, and texts in meta.
    `on` says what is looked at and masked: "prompt" is messages with the parts of them that stand
    in meta, "completion" is all else, "pair" is both. What is found, and what is not:
    docs/pii.md. `kinds` may leave some out.
    """

    stateless = True

    mask: bool = False
    kinds: tuple[Kind, ...] = KINDS
    on: Literal["pair", "completion", "prompt"] = "pair"
    name: str = field(default="pii", init=False)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict:
        counts = Counter(found.kind for text in self._texts(record) for found in find_pii(text))
        kinds = [kind for kind in self.kinds if counts[kind]]
        score = float(sum(counts[kind] for kind in kinds))
        reason = "" if not kinds else "masked" if self.mask else kinds[0]
        return Verdict(record.id, self.name, self.mask or not kinds, score, reason)

    def changed(self, record: Record) -> Record:
        """The record with placeholders, if `mask` is on; itself where nothing was found.

        Log-probabilities in meta go where the completion changes: their tokens spell out what
        was masked.
        """
        if not self.mask:
            return record
        masker = Masker(self._texts(record), self.kinds)
        prompt, completion = self.on != "completion", self.on != "prompt"
        parts: dict[str, Any] = {}
        if prompt:
            parts["messages"] = tuple(
                replace(
                    message,
                    content=masker.masked(message.content),
                    name=masker.masked(message.name),
                    reasoning=masker.masked(message.reasoning),
                    tool_calls=tuple(_masked(call, masker) for call in message.tool_calls),
                )
                for message in record.messages
            )
        if completion:
            parts["completion"] = masker.masked(record.completion)
            if record.target is not None:
                parts["target"] = masker.masked(record.target)
        meta = {key: record.meta[key] for key in record.meta}
        for key in self._meta(record):
            meta[key] = _masked(meta[key], masker)
        if parts.get("completion", record.completion) != record.completion:
            meta.pop("logprobs", None)
        made = replace(record, **parts, meta=meta)
        return record if made == record else made

    def _texts(self, record: Record) -> list[str]:
        """What is looked at, in the order in which placeholders are numbered."""
        texts: list[str] = []
        if self.on != "completion":
            for turn in record.messages:
                texts += [turn.content, turn.name, turn.reasoning, *_strings(turn.tool_calls)]
        if self.on != "prompt":
            texts.append(record.completion)
            if record.target is not None:
                texts.append(record.target)
        for key in self._meta(record):
            texts += _strings(record.meta[key])
        return texts

    def _meta(self, record: Record) -> list[str]:
        keys: tuple[str, ...] = ()
        keys += _PROMPT_META if self.on != "completion" else ()
        keys += _COMPLETION_META if self.on != "prompt" else ()
        return [key for key in keys if key in record.meta]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _strings(item) if key not in _IDS else ()
    elif isinstance(value, tuple):
        for item in value:
            yield from _strings(item)


def _masked(value: Any, masker: Masker) -> Any:
    if isinstance(value, str):
        return masker.masked(value)
    if isinstance(value, Mapping):
        return {
            masker.masked(key): item if key in _IDS else _masked(item, masker)
            for key, item in value.items()
        }
    if isinstance(value, tuple):
        return tuple(_masked(item, masker) for item in value)
    return value
