"""The batches of a run: the ledger's rows, brought up to date with what the endpoint shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from limbeck.errors import UserError
from limbeck.ledger import Batch, Ledger
from limbeck.ledger.notes import ABANDONED, CREATING, SETTLED
from limbeck.pipeline.context import Context
from limbeck.teachers.connect import identity

if TYPE_CHECKING:
    from limbeck.teachers.batches import BatchClient, RemoteBatch

FAILED_WITH_ANSWERS = "failed_with_answers"  # ledger status: unlike "failed" there is more to come
FINAL = ("collected", "failed")  # unlike an abandoned one, which may turn up after all

Own = Callable[[], Iterable[tuple[str, str]]]
"""(key, canonical request JSON) of every request of the run."""


@dataclass(frozen=True, slots=True)
class Known:
    """One batch of a run: the ledger's row, and what the endpoint shows of it, None where it
    shows nothing (another endpoint than the recipe's, or deleted there)."""

    batch: Batch
    remote: RemoteBatch | None

    @property
    def status(self) -> str:
        """For people: "collected" once it is, else as the endpoint says."""
        if self.batch.status == "collected" or self.remote is None:
            return self.batch.status
        return self.remote.status

    @property
    def to_collect(self) -> bool:
        """Whether it has ended and its answers are not in the ledger yet."""
        ended = self.remote is not None and self.remote.ended
        return ended and self.batch.status not in SETTLED


def refreshed(context: Context, ledger: Ledger, client: BatchClient, own: Own) -> list[Known]:
    """The run's batches in the order in which they were made. Only under the run's lock.

    A batch that a killed `submit` had made, and whose id never reached the ledger, is adopted:
    the list shows it by its input file, which the ledger knows, or by the run's id in its
    metadata, where another ledger was in use.
    """
    run = context.run.id
    rows = {row.id: row for row in ledger.batches(run)}
    nameless = {row.input_file for row in rows.values() if row.id == row.input_file}
    remotes = client.batches(
        lambda batch: batch.run == run or batch.id in rows or batch.input_file in nameless
    )
    for remote in remotes:
        row = rows.get(remote.id)
        status = ledger_status(remote)
        if row is None and remote.input_file in nameless:
            nameless.discard(remote.input_file)
            ledger.name_batch(remote.input_file, remote.id, status)
            context.run.log("batch_adopted", batch=remote.id, status=status)
            context.reporter.say(
                f"batch {remote.id} was made by an interrupted submit; it is adopted"
            )
        elif row is None:
            _adopt_unknown(context, ledger, client, remote, own)
        elif row.status not in FINAL and row.status != status:
            ledger.set_batch_status(remote.id, status)
    endpoint = context.recipe.teacher.base_url
    for name in sorted(nameless):
        # Its list would show it. Should it turn up later all the same, it is adopted then.
        if rows[name].status == CREATING and rows[name].teacher.get("endpoint") == endpoint:
            ledger.set_batch_status(name, ABANDONED)
    shown = {remote.id: remote for remote in remotes}
    return [Known(row, shown.get(row.id)) for row in ledger.batches(run) if row.status != ABANDONED]


def ledger_status(remote: RemoteBatch) -> str:
    """The status under which the ledger keeps a batch."""
    failed = remote.status == "failed" and remote.files
    return FAILED_WITH_ANSWERS if failed else remote.status


def _adopt_unknown(
    context: Context, ledger: Ledger, client: BatchClient, remote: RemoteBatch, own: Own
) -> None:
    """Store a batch of which the ledger knows nothing: its input file names its requests."""
    from limbeck.teachers.batch_lines import custom_id

    path = context.run.path / f".{remote.id}.input.part"
    keys: set[str] = set()
    try:
        if client.download(remote.input_file, path):
            with path.open("rb") as file:
                keys = {custom_id(line)[0] for line in file}
    finally:
        path.unlink(missing_ok=True)
    items = [(key, text) for key, text in own() if key in keys] if keys else []
    if not items:
        context.reporter.say(
            f"batch {remote.id} ({remote.status}) is unknown to this ledger and holds no request "
            "of the recipe as it is now; it is left alone"
        )
        return
    status = ledger_status(remote)
    ledger.add_batch(
        remote.id,
        run=context.run.id,
        teacher=identity(context.recipe.teacher),
        input_file=remote.input_file,
        status=status,
        items=items,
    )
    context.run.log("batch_adopted", batch=remote.id, status=status)
    context.reporter.say(
        f"batch {remote.id} is unknown to this ledger; it is adopted with {len(items):,} of its "
        f"{len(keys):,} requests"
    )


def refuse_paying_twice(context: Context, ledger: Ledger, missing: Iterable[str]) -> None:
    """Raises UserError while a batch of the run may still answer some of the keys that are now to
    be asked live."""
    waiting = len(ledger.live_keys(context.run.id).intersection(missing))
    if waiting:
        raise UserError(
            f"batches whose answers are not collected hold {waiting:,} of these requests: asked "
            f"live too, they would be paid twice. Run: {context.command('batch collect')}. "
            "To ask them live all the same, first run: "
            f"{context.command('batch cancel')}, then collect"
        )
