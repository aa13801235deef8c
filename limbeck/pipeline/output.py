"""Where a generator's results go in a run: the files of the stage generate, and their sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

from limbeck.pipeline.context import Context
from limbeck.protocols import AskFailure, Reply
from limbeck.record import Record, Verdict
from limbeck.store import JsonlWriter, jsonl_writer

RECORDS = "records.jsonl"
FAILURES = "failures.jsonl"
DRAFTS = "drafts.jsonl"
REPLIES = "replies.jsonl"

Who = Literal["teacher", "referee"]


def reply_row(reply: Reply, who: Who) -> dict[str, Any]:
    """A row of replies.jsonl: what a reply that was used cost, in tokens, and by which ledger key
    it is known when it is used once more."""
    return {
        "key": reply.key,
        "prompt_tokens": reply.usage.prompt_tokens,
        "completion_tokens": reply.usage.completion_tokens,
        "who": who,
    }


class Output:
    """protocols.Out: every row to its file, every number to its sum. `files` are their names.

    A draft is a row {"record": ..., "verdict": ...}. `stage` is what speaks to the user.
    """

    def __init__(
        self, context: Context, writers: dict[str, JsonlWriter], stage: str = "generate"
    ) -> None:
        self.files = list(writers)
        self.tally: Counter[str] = Counter(
            dict.fromkeys(("records", "failures", "prompt_tokens", "completion_tokens"), 0)
        )
        self.reasons: Counter[str] = Counter()  # of requests without a reply
        self.useless: Counter[str] = Counter()  # refused, truncated, empty: of replies
        self.funnel: dict[str, int] = {}
        self._context = context
        self._writers = writers
        self._stage = stage

    @property
    def calls(self) -> int:
        return self.tally["replies"] + self.tally["failures"]

    def emit(self, record: Record, /) -> None:
        self._writers[RECORDS].write(record.to_json())
        self.tally["records"] += 1

    def draft(self, record: Record, verdict: Verdict, /) -> None:
        row = {"record": record.to_json(), "verdict": verdict.to_json()}
        self._writers[DRAFTS].write(row)

    def answered(self, reply: Reply, /) -> None:
        self.tally["replies"] += 1
        self.tally["prompt_tokens"] += reply.usage.prompt_tokens
        self.tally["completion_tokens"] += reply.usage.completion_tokens
        if reply.reason:
            self.useless[reply.reason] += 1
        if REPLIES in self._writers:
            self._writers[REPLIES].write(reply_row(reply, "teacher"))

    def fail(self, failure: AskFailure, /) -> None:
        self._writers[FAILURES].write(failure.to_json())
        self.tally["failures"] += 1
        self.reasons[failure.reason] += 1
        self._context.run.log("request_failed", **failure.to_json())

    def count(self, line: str, number: int = 1, /) -> None:
        self.funnel[line] = self.funnel.get(line, 0) + number

    def say(self, text: str, /) -> None:
        self._context.reporter.say(f"{self._stage}: {text}")
        self._context.run.log("said", text=text)


@contextmanager
def output(
    context: Context, folder: Path, *, drafts: bool, replies: bool = False, stage: str = "generate"
) -> Iterator[Output]:
    """An Output whose files appear, whole, when the block ends well; `drafts` and `replies` say
    whether there are these two."""
    names = [RECORDS, FAILURES] + ([DRAFTS] if drafts else []) + ([REPLIES] if replies else [])
    with ExitStack() as stack:
        writers = {name: stack.enter_context(jsonl_writer(folder / name)) for name in names}
        yield Output(context, writers, stage)
