"""What makes a label distribution: the seam, and what all that ask have in common."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from limbeck.labels.distribution import LabelDistribution, Method
from limbeck.protocols import Reply, Request, Teacher
from limbeck.record import content_hash, messages_json

FLOOR = sys.float_info.min  # what a probability that rounds to 0 is given: its logarithm is finite


@dataclass(frozen=True, slots=True)
class Labelled:
    """A distribution, and the replies that it is made from, in the order of their requests."""

    distribution: LabelDistribution
    replies: tuple[Reply, ...] = ()


class Estimator(Protocol):
    """Makes a teacher's distribution over labels for one prompt.

    Of the request the conversation, its template and its `index` count; how to sample and how
    much is the estimator's. `requests` lists what `estimate` asks at most, so that its cost can be
    told beforehand; two calls with equal prompts and an equal `index` ask the same. `estimate`
    raises AskError for this prompt, StopRun and UserError for all.
    """

    @property
    def method(self) -> Method: ...

    def requests(self, request: Request, options: Sequence[str], /) -> tuple[Request, ...]: ...

    async def estimate(
        self, request: Request, options: Sequence[str], teacher: Teacher, /
    ) -> Labelled: ...


def prompt_hash(request: Request) -> str:
    """Names the conversation in `detail["prompt"]`, however it was asked."""
    return content_hash([messages_json(request.messages), request.template], size=8)
