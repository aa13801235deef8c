"""What a `limbeck batch submit` sends: which requests, whether the budget bears them, the files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from limbeck.errors import BadRequest, BudgetError, UserError
from limbeck.ledger import Keyer, Ledger
from limbeck.ledger.notes import SETTLED
from limbeck.money import cost, dollars, estimate_tokens, from_dollars, price_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import generator_of
from limbeck.pipeline.seeds import seeds_of_recipe
from limbeck.protocols import Request, Usage
from limbeck.record import Message
from limbeck.teachers.connect import identity, spent_by


def own_requests(context: Context) -> Iterator[tuple[str, str, Request]]:
    """(key, canonical request JSON, request) of every request of the run, each once, in order.

    Raises UserError for a generator whose requests are not known beforehand.
    """
    recipe = context.recipe
    generator = generator_of(context)
    requests_of = getattr(generator, "requests", None)
    if requests_of is None:
        raise UserError(
            f"the generator {generator.name!r} cannot use the Batch API: its next request depends "
            f"on the last reply, so its requests are not known beforehand. Run: "
            f"{context.command('generate')}"
        )
    seeds = seeds_of_recipe(recipe)
    keyer = Keyer(identity(recipe.teacher))
    seen: set[str] = set()
    for request in requests_of(seeds):
        key, text = keyer(request)
        if key not in seen:
            seen.add(key)
            yield key, text, request


def stored_request(text: str) -> Request:
    """A request from its canonical JSON in the ledger."""
    row = json.loads(text)  # a lone surrogate is escaped in it, which orjson refuses
    row["messages"] = tuple(Message(**message) for message in row["messages"])
    row["stop"] = tuple(row["stop"])
    return Request(**row)


def requests(count: int) -> str:
    """For people: "1 request", "1,200 requests"."""
    return f"{count:,} request" + ("" if count == 1 else "s")


def worst(request: Request) -> Usage:
    """The most that a request may use; its prompt is estimated, rather high."""
    return Usage(estimate_tokens(request), request.max_tokens)


@dataclass(slots=True)
class Plan:
    """What a submit does with a run's `total` requests: `keys` are to be sent and may use `most`;
    the others are counted by why they are not. `over` fit the budget no more."""

    total: int = 0
    answered: int = 0
    in_batches: int = 0
    hopeless: int = 0
    over: int = 0
    keys: set[str] = field(default_factory=set)
    most: Usage = field(default_factory=Usage)


def plan(context: Context, ledger: Ledger) -> Plan:
    """Go through the run's requests, in order, until the budget has no room for one."""
    made = Plan()
    live = ledger.live_keys(context.run.id)
    hopeless = ledger.failed_keys(BadRequest.reason)
    room = Room(context, ledger)
    prompt = completion = 0  # whole numbers in place: a Usage for each sum would cost much more
    for key, _, request in own_requests(context):
        made.total += 1
        if key in live:
            made.in_batches += 1
        elif ledger.get(key) is not None:
            made.answered += 1
        elif key in hopeless:
            made.hopeless += 1
        elif made.over or not room.takes(used := worst(request)):
            made.over += 1
        else:
            made.keys.add(key)
            prompt += used.prompt_tokens
            completion += used.completion_tokens
    made.most = Usage(prompt, completion)
    return made


class Room:
    """What a run's budget still bears: what it spent and its batches under way, at their worst,
    are taken off."""

    def __init__(self, context: Context, ledger: Ledger) -> None:
        recipe = context.recipe
        self._budget = recipe.budget
        self._rates = price_of(recipe.teacher)
        self._usd, self._tokens = spent_by(ledger, context.run.id, self._rates)
        limited = recipe.budget.usd is not None or recipe.budget.tokens is not None
        for batch in ledger.batches(context.run.id) if limited else ():
            if batch.status not in SETTLED:
                for _, text in ledger.batch_items(batch.id):
                    self._take(worst(stored_request(text)))

    def takes(self, used: Usage) -> bool:
        """Whether there is room for it; then it is taken."""
        usd, tokens = self._usd, self._tokens
        self._take(used)
        budget = self._budget
        if (budget.usd is None or self._usd <= from_dollars(budget.usd)) and (
            budget.tokens is None or self._tokens <= budget.tokens
        ):
            return True
        self._usd, self._tokens = usd, tokens
        return False

    def _take(self, used: Usage) -> None:
        self._tokens += used.prompt_tokens + used.completion_tokens
        if self._rates is not None:
            self._usd += cost(used, self._rates, "batch")


def no_room(context: Context, ledger: Ledger, over: int) -> BudgetError:
    """What to say of requests that were not sent since the budget does not bear them."""
    budget = context.recipe.budget
    usd, tokens = spent_by(ledger, context.run.id, price_of(context.recipe.teacher))
    limits = [] if budget.usd is None else [dollars(from_dollars(budget.usd))]
    limits += [] if budget.tokens is None else [f"{budget.tokens:,} tokens"]
    spent = dollars(usd) if budget.tokens is None else f"{tokens:,} tokens"
    return BudgetError(
        f"the budget of {' and '.join(limits)} has no room for {requests(over)}, which were not "
        f"submitted: {spent} spent so far, and batches count at their worst until they are "
        f"collected. Collect and submit again ({context.command('batch collect')}), or raise "
        "the budget in the recipe"
    )


@dataclass(slots=True)
class Shard:
    """One batch's input file, and its items as the ledger keeps them."""

    endpoint: str
    path: Path
    file: BinaryIO
    size: int = 0
    items: list[tuple[str, str]] = field(default_factory=list)


def shards(
    lines: Iterable[tuple[str, str, str, bytes]],
    folder: Path,
    *,
    most_requests: int,
    most_bytes: int,
) -> Iterator[Shard]:
    """Write (endpoint, key, canonical request JSON, line) into files of one endpoint each, within
    the API's limits. A file is whole when it is given out, and gone when the next one is asked
    for, so that a run of any size takes one file's room."""
    growing: dict[str, Shard] = {}
    count = 0

    def whole(shard: Shard) -> Iterator[Shard]:
        shard.file.close()
        yield shard
        shard.path.unlink()
        del growing[shard.endpoint]

    try:
        for endpoint, key, text, line in lines:
            shard = growing.get(endpoint)
            full = shard is not None and (
                len(shard.items) >= most_requests or shard.size + len(line) > most_bytes
            )
            if shard is not None and full:
                yield from whole(shard)
                shard = None
            if shard is None:
                path = folder / f".batch-{count}.part"
                shard = growing[endpoint] = Shard(endpoint, path, path.open("wb"))
                count += 1
            shard.file.write(line)
            shard.size += len(line)
            shard.items.append((key, text))
        for shard in list(growing.values()):
            yield from whole(shard)
    finally:
        for shard in growing.values():
            shard.file.close()
            shard.path.unlink(missing_ok=True)
