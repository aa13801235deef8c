"""Which estimator a teacher allows: the best that it gives, or the one asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from limbeck.errors import UserError
from limbeck.labels.contracts import Estimator
from limbeck.labels.distribution import Method
from limbeck.labels.exact import Exact
from limbeck.labels.reading import reader
from limbeck.labels.sampled import Sampled
from limbeck.labels.top_logprobs import TopLogprobs
from limbeck.protocols import Likelihoods, Teacher

if TYPE_CHECKING:
    from limbeck.teachers.capabilities import Capabilities, FindingName

Wanted = Literal["auto", "exact", "top_logprobs", "sampled"]
ENOUGH = 20  # likeliest tokens: the most that servers usually give


@dataclass(frozen=True, slots=True)
class Choice:
    """An estimator, and a sentence that says which it is and why."""

    estimator: Estimator
    why: str

    @property
    def method(self) -> Method:
        return self.estimator.method


def estimator(
    teacher: Teacher,
    options: Sequence[str],
    *,
    capabilities: Capabilities | None = None,
    template: str = "chat",
    method: Wanted = "auto",
    needed_by: str = "label distributions",
    exact: Exact | None = None,
    top_logprobs: TopLogprobs | None = None,
    sampled: Sampled | None = None,
) -> Choice:
    """The estimator for a teacher and a label set (the largest, where rows have their own).

    `method` "auto" takes "exact" for a teacher that is a `Likelihoods`; else "top_logprobs" where
    `capabilities` (its probe's) have found as many likeliest tokens as there are labels, in chats
    or, for `template` "raw", in completions, and the labels do not begin alike; else "sampled". A
    method that is named is taken, whatever the labels. `exact`, `top_logprobs` and `sampled` are
    the estimators to take; a `k` that is not given is as high as the teacher and ENOUGH allow.

    Raises UserError where the teacher does not give what the method named needs, in the words of
    `needed_by` ("generator label_words"); without capabilities that shows in the first reply.
    """
    read = reader(options)
    if method not in get_args(Wanted):
        raise UserError(
            f"{needed_by}: method must be one of {', '.join(get_args(Wanted))}, got {method!r}"
        )
    if method == "exact" or (method == "auto" and isinstance(teacher, Likelihoods)):
        if not isinstance(teacher, Likelihoods):
            raise UserError(
                f"{needed_by} by method exact needs log-probabilities of given texts, and "
                f"{teacher.name} does not give them; use a local model, or method auto"
            )
        return Choice(exact or Exact(), f"exact, since {teacher.name} scores whole labels")
    if method == "sampled":
        return Choice(sampled or Sampled(), "sampled, as asked for")
    name: FindingName = "completion_logprobs" if template == "raw" else "chat_logprobs"
    given = _given(capabilities, name)
    if method == "top_logprobs":
        if capabilities is not None:
            most = len(read.options) if top_logprobs is None else top_logprobs.k
            capabilities.require(name, needed_by=f"{needed_by} by top_logprobs", top=most)
        return Choice(_with_k(top_logprobs, given, read.options), "top_logprobs, as asked for")
    most = len(read.options) if top_logprobs is None else max(top_logprobs.k, len(read.options))
    if capabilities is None:
        reason = f"nobody has probed what {teacher.name} gives; limbeck probe does"
    elif capabilities[name].verdict != "yes":
        reason = f"{teacher.name} gives no log-probabilities ({capabilities[name].evidence})"
    elif given < most:
        reason = f"{teacher.name} gives the {given} likeliest tokens, and {most} are needed"
    elif not read.apart():
        reason = (
            "two labels begin alike, so that the first token cannot tell them apart; codes of one "
            "letter could"
        )
    else:
        chosen = _with_k(top_logprobs, given, read.options)
        return Choice(
            chosen,
            f"top_logprobs, since {teacher.name} gives the {chosen.k} likeliest tokens of an "
            f"answer, enough for {len(read.options)} labels",
        )
    return Choice(sampled or Sampled(), f"sampled, since {reason}")


def _given(capabilities: Capabilities | None, name: FindingName) -> int:
    if capabilities is None:
        return 0
    raw = name == "completion_logprobs"
    return capabilities.completion_top_logprobs if raw else capabilities.top_logprobs


def _with_k(chosen: TopLogprobs | None, given: int, options: Sequence[str]) -> TopLogprobs:
    """More than ENOUGH only where labels are many: what is not likely says little."""
    if chosen is not None:
        return chosen
    k = max(ENOUGH, 2 * len(options))
    return replace(TopLogprobs(), k=min(k, given) if given else ENOUGH)
