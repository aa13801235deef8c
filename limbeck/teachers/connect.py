"""From a recipe's teacher section to a teacher that paces, pays, retries and remembers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from limbeck.ledger import Ledger
from limbeck.models import fingerprint, parse_model
from limbeck.money import Meter, Rates, cost, price_of
from limbeck.protocols import Likelihoods, Teacher
from limbeck.recipe import Budget, TeacherSection
from limbeck.registry import find
from limbeck.teachers.likelihoods import Scored
from limbeck.teachers.recorded import Recorded, RecordedLikelihoods
from limbeck.teachers.retrying import Retrying

NO_BUDGET = Budget()


def connect(
    section: TeacherSection,
    ledger: Ledger,
    *,
    meter: Meter | None = None,
    on_call: Callable[[], None] | None = None,
    budget: Budget = NO_BUDGET,
    run: str = "",
    ask_again: Iterable[str] = (),
    keep_failures: bool = False,
    beside: Sequence[TeacherSection] = (),
) -> Recorded:
    """The teacher that the section names: Recorded(Retrying(Budgeted(Limited(it)))). It is a
    `Likelihoods` where that teacher is one, and these are recorded as well.

    `meter` counts its calls and their cost; `on_call` is called after every one. `budget` is for
    all that `run`, an id, has ever spent according to the ledger, on this teacher and on the models
    `beside` it, each at its own price. `ask_again` names reasons for
    which calls that are over are made again, and `keep_failures` lets those that failed stand,
    see Recorded. Raises UserError: an unknown or
    unloadable model, a missing key.
    """
    from limbeck.teachers.budget import Budgeted
    from limbeck.teachers.limited import Limited

    name = parse_model(section.model)
    rates = price_of(section)
    meter = meter or Meter(rates)
    teacher = cast(Teacher, find("teachers", name.kind).load()(name, section))
    made = Recorded
    if isinstance(teacher, Likelihoods):
        made, teacher = RecordedLikelihoods, Scored(teacher)
    if not name.is_local:
        teacher = Limited(
            teacher,
            most=section.concurrency,
            rpm=section.rpm,
            tpm=section.tpm,
            give_up_after=section.give_up_after,
        )
    spent, tokens = spent_by(ledger, run, rates, beside) if run else (0, 0)
    teacher = Budgeted(teacher, budget, rates, spent=spent, spent_tokens=tokens, meter=meter)
    if not name.is_local:
        teacher = Retrying(teacher, attempts=section.attempts, give_up_after=section.give_up_after)
    return made(
        teacher,
        ledger,
        meter=meter,
        on_call=on_call,
        run=run,
        ask_again=frozenset(ask_again),
        keep_failures=keep_failures,
        lease=name.kind == "openai",  # only what costs money
    )


def in_the_clear(section: TeacherSection) -> str:
    """What to say of a key that anybody on the way could read; "" where nobody can."""
    parts = urlsplit(section.base_url or "")
    if parts.scheme != "http" or is_here(parts.hostname) or section.api_key_env not in os.environ:
        return ""
    return (
        f"the key in {section.api_key_env} goes to {parts.hostname} unencrypted, and so does all "
        "that is asked: whoever is on the way can read it. Take an https:// address where there is "
        "one"
    )


def is_here(host: str | None) -> bool:
    """Whether the address is of this machine."""
    return host in ("localhost", "::1") or (host or "").startswith("127.")


def spent_by(
    ledger: Ledger, run: str, rates: Rates | None, beside: Sequence[TeacherSection] = ()
) -> tuple[int, int]:
    """What a run has used so far, in pico-dollars (0 where no price is known) and in tokens: at
    `rates`, but what the models `beside` answered at theirs."""
    money = tokens = 0
    prices = [(dict(identity(section)), price_of(section)) for section in beside]
    for row in ledger.spent(run):
        used = row.usage + row.wasted
        tokens += used.prompt_tokens + used.completion_tokens
        own = next((price for named, price in prices if named == row.teacher), rates)
        if own is not None:
            money += cost(used, own, "batch" if row.via == "batch" else "live")
    return money, tokens


def width(section: TeacherSection) -> int:
    """How many asks to have under way at once.

    For an API what may be in flight: an answer that is not on the disk yet counts, so that a kill
    never costs more than `concurrency` requests. For a local model twice a batch, so that there
    is always somebody to refill it.
    """
    return 2 * section.batch_size if parse_model(section.model).is_local else section.concurrency


def gives_likelihoods(section: TeacherSection) -> bool:
    """Whether the teacher will be a `Likelihoods`, without connecting or loading anything."""
    from limbeck.teachers.vllm import wants_vllm

    name = parse_model(section.model)
    return name.is_local and not wants_vllm(name, section.engine)


def identity(section: TeacherSection) -> Mapping[str, Any]:
    """What will answer, without connecting or loading anything: part of every ledger key."""
    name = parse_model(section.model)
    if name.kind == "openai":
        extra = {"extra": section.extra} if section.extra else {}
        return {"endpoint": section.base_url, "model": name.value, **extra}
    if name.kind == "fake":
        return {"endpoint": "fake", "model": name.value}
    return {"endpoint": "local", "model": fingerprint(name), "dtype": section.dtype}
