"""The first line of generate: what the ledger has answered already, and what is left to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from limbeck.errors import BadRequest
from limbeck.ledger import Keyer, Ledger
from limbeck.pipeline.batch_state import refuse_paying_twice
from limbeck.pipeline.context import Context
from limbeck.protocols import Generator, Reply
from limbeck.record import Record
from limbeck.teachers.connect import identity


def say_what_is_left(
    context: Context, generator: Generator, seeds: Sequence[Record], ledger: Ledger
) -> None:
    """What of the generator's requests is answered, and what is left. Raises UserError when a
    batch may still answer some of them."""
    requests = getattr(generator, "requests", None)
    if requests is None:  # a generator whose next prompt depends on the last reply cannot know
        return
    keyer = Keyer(identity(context.recipe.teacher))
    keys = [keyer(request)[0] for request in requests(seeds)]
    found = {key: _reason(ledger.get(key)) for key in keys}
    refuse_paying_twice(context, ledger, [key for key in keys if found[key] is None])
    answered = sum(found[key] is not None for key in keys)
    text = f"generate: {len(keys)} requests, {answered} already answered in the ledger"
    if context.ask_again:
        _say_what_is_asked_again(context, text, keys, found, ledger)
        return
    hopeless = ledger.failed_keys(BadRequest.reason)
    refused = sum(found[key] is None and key in hopeless for key in keys)
    text += f", {len(keys) - answered - refused} left to ask"
    if refused:
        text += (
            f"; {refused} refused as bad before stay so unless you say: "
            f"{context.command('retry', '--reason', BadRequest.reason)}"
        )
    context.reporter.say(text)


def _reason(reply: Reply | None) -> str | None:
    return None if reply is None else reply.reason


def _say_what_is_asked_again(
    context: Context,
    text: str,
    keys: Sequence[str],
    found: Mapping[str, str | None],
    ledger: Ledger,
) -> None:
    left = again = 0
    for key in keys:
        reason = found[key]
        if reason is None:
            failure = ledger.failure(key)
            left += failure is None
            reason = "" if failure is None else failure.reason
        again += reason in context.ask_again
    more = f" and {left} that were never asked" if left else ""
    context.reporter.say(f"{text}; to ask again: {again}{more}")
