"""A batch's result files into the ledger, line by line; no line hurts another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from limbeck.aio import map_ordered, run
from limbeck.errors import AskError
from limbeck.ledger import Answered, Batch, Failed, Ledger
from limbeck.pipeline.batch_plan import stored_request, worst
from limbeck.pipeline.context import Context
from limbeck.protocols import Usage
from limbeck.record import canonical_json
from limbeck.teachers.batch_lines import custom_id, read_result
from limbeck.teachers.batches import BatchClient, RemoteBatch

AT_ONCE = 512  # entries that wait for one commit


@dataclass(slots=True)
class Tally:
    """What result files held: `answered` lines are new in the ledger, `failed` ones by reason,
    with one message of each in `examples`. `repeated` were in the ledger before; `unknown` name no
    request of their batch, or one for the second time. `gone` files were deleted at the server."""

    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    unknown: int = 0
    gone: int = 0


def collect_batch(
    context: Context, ledger: Ledger, client: BatchClient, batch: Batch, remote: RemoteBatch
) -> Tally:
    """Put what a batch brought into the ledger, durably, then mark it as collected.

    Killed anywhere before, it is done again from the start and changes nothing that was stored.
    """
    tally = Tally()
    lines = _Lines(context, ledger, batch, tally)
    path = context.run.path / f".{batch.id}.part"
    try:
        for file in remote.files:
            if client.download(file, path):
                run(_store(ledger, lines.entries(path)))
            else:
                tally.gone += 1
    finally:
        path.unlink(missing_ok=True)
    ledger.set_batch_status(batch.id, "collected")
    return tally


async def _store(ledger: Ledger, entries: Iterator[Answered | Failed]) -> None:
    async with map_ordered(ledger.put, entries, AT_ONCE) as stored:
        async for _ in stored:
            pass


class _Lines:
    """Reads the lines of one batch's files; each of its requests is answered once."""

    def __init__(self, context: Context, ledger: Ledger, batch: Batch, tally: Tally) -> None:
        self._section = context.recipe.teacher
        self._run = context.run.id
        self._ledger = ledger
        self._batch = batch
        self._teacher = canonical_json(dict(batch.teacher))
        self._left = dict(ledger.batch_items(batch.id))
        self._tally = tally

    def entries(self, path: Path) -> Iterator[Answered | Failed]:
        """What is new in a file. Lines end at a newline byte only: texts may hold U+2028."""
        with path.open("rb") as file:
            for line in file:
                if line.strip():
                    entry = self._entry(line)
                    if entry is not None:
                        yield entry

    def _entry(self, line: bytes) -> Answered | Failed | None:
        tally = self._tally
        key, row = custom_id(line)
        text = self._left.pop(key, None)
        if text is None:
            tally.unknown += 1
            return None
        if self._ledger.get(key) is not None:
            tally.repeated += 1
            return None
        request = stored_request(text)
        try:
            reply = read_result(row, raw=request.template == "raw", section=self._section)
        except AskError as error:
            return self._failed(key, text, error, worst(request))
        tally.answered += 1
        return Answered(key, self._teacher, text, reply, run=self._run, via="batch")

    def _failed(self, key: str, text: str, error: AskError, most: Usage) -> Failed | None:
        message = f"batch {self._batch.id}: {error}"
        told = most if error.tokens is None else Usage(*error.tokens)
        wasted = told if error.billed else Usage()
        self._tally.failed[error.reason] += 1
        self._tally.examples.setdefault(error.reason, message)
        before = self._ledger.failure(key)
        if before is not None and (before.reason, before.message) == (error.reason, message):
            return None  # stored by a collect that was killed
        return Failed(key, self._teacher, text, error.reason, message, 1, self._run, wasted)
