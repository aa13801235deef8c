"""The exact distribution, from the log-probabilities of whole label strings.

They come from `Likelihoods`, which models in this process have. No server's do: `Request` cannot
ask for a prompt's own log-probabilities (echo), so that `Teacher.ask` never brings them. A teacher
that has them can offer `Likelihoods.prompt_logprobs`, and label scores are then differences of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from limbeck.errors import Malformed, UserError
from limbeck.labels.contracts import FLOOR, Labelled, prompt_hash
from limbeck.labels.distribution import LabelDistribution, Method
from limbeck.labels.reading import checked_options
from limbeck.protocols import Likelihoods, Request, Teacher
from limbeck.record import Message
from limbeck.teachers.likelihoods import AskedLikelihoods, Kept, LikelihoodRequest
from limbeck.teachers.logprobs import ABOVE_ZERO

Normalise = Literal["sum", "token", "byte"]
Source = Literal["label_scores", "prompt_logprobs"]


def from_scores(
    scores: Mapping[str, float],
    *,
    texts: Sequence[str] | None = None,
    normalise: Normalise = "sum",
    lengths: Sequence[int] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> LabelDistribution:
    """The softmax over labels of their strings' summed log-probabilities, in nats.

    `texts` are the strings scored, where they are not the labels themselves. `normalise` "sum"
    gives the teacher's distribution given that it says a label. "token" and "byte" divide by
    `lengths` first, as many works do (MetaICL, 2110.15943; "byte": UTF-8 of the text): means are
    no probabilities, but do not punish long labels.

    A text that begins another one ("no", "not") has the other's probability too. The bounds of
    "sum" hold for every share of it that is; they are the probabilities themselves where no text
    begins another. Raises Malformed for scores that can be no log-probabilities.
    """
    options = checked_options(list(scores))
    written = dict(zip(options, options if texts is None else texts, strict=True))
    for label, score in scores.items():
        if not score <= ABOVE_ZERO:  # NaN too
            raise Malformed(f"the log-probability of the label {label!r} is {score:g}")
    if max(scores.values()) == -math.inf:
        raise Malformed("no label has a probability: all log-probabilities are minus infinity")
    inside = {
        a: [b for b in options if b != a and written[b].startswith(written[a])] for a in options
    }
    mass = {label: math.exp(min(score, 0.0)) for label, score in scores.items()}
    apart = math.fsum(mass[label] for label in options if not inside[label])
    if apart > 1 + ABOVE_ZERO:
        raise Malformed(
            f"the labels' probabilities sum to {apart:.3g}, more than 1: these are no "
            "log-probabilities of the labels after the prompt"
        )
    about: dict[str, Any] = {"normalise": normalise, **(detail or {})}
    nested = [label for label in options if inside[label]]
    if nested:
        about["nested"] = nested
    best = max(scores.values())
    # Of the texts that begin others, at least what is not the others'; scaled against underflow.
    scaled = {label: math.exp(score - best) for label, score in scores.items()}
    least = {
        label: max(0.0, scaled[label] - math.fsum(scaled[b] for b in inside[label]))
        for label in options
    }
    if normalise == "sum":
        probabilities = _softmax(scores)
    else:
        if normalise == "byte" and lengths is None:
            lengths = [len(written[label].encode("utf-8", "surrogatepass")) for label in options]
        if lengths is None or len(lengths) != len(options) or min(lengths) < 1:
            raise ValueError(f"{normalise!r} needs the length of every label, got {lengths}")
        per = dict(zip(options, lengths, strict=True))
        probabilities = _softmax({label: score / per[label] for label, score in scores.items()})
    lower, upper = dict(probabilities), dict(probabilities)
    if nested and normalise == "sum":
        for label in options:
            others = [x for x in options if x != label]
            lower[label] = _share(least[label], math.fsum(scaled[x] for x in others))
            upper[label] = _share(scaled[label], math.fsum(least[x] for x in others))
    return LabelDistribution(
        probabilities=probabilities,
        method="exact",
        n=1,
        observed_mass=1.0,
        lower=lower,
        upper=upper,
        invalid_rate=min(1.0, max(0.0, 1 - math.fsum(mass.values()))),
        detail=about,
    )


def _softmax(scores: Mapping[str, float]) -> dict[str, float]:
    best = max(scores.values())
    powers = {label: math.exp(score - best) for label, score in scores.items()}
    total = math.fsum(powers.values())
    return {label: max(FLOOR, power / total) for label, power in powers.items()}


def _share(own: float, others: float) -> float:
    return own / (own + others) if own + others > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Exact:
    """Asks a teacher that is a `Likelihoods`.

    The text scored is `before` + label + `after`: a raw prompt wants the space or the line break
    that its demos have there, and an `after` that ends every label ("\\n") keeps one from being
    the beginning of another. `normalise` "token" needs to know the tokens, so that it reads them
    from `prompt_logprobs`: a call for the prompt and one for each label.
    """

    normalise: Normalise = "sum"
    before: str = ""
    after: str = ""
    source: Source = "label_scores"

    @property
    def method(self) -> Method:
        return "exact"

    def requests(self, request: Request, options: Sequence[str], /) -> tuple[Request, ...]:
        """What a teacher whose likelihoods are recorded is asked; any other is not asked by
        request."""
        texts = self._texts(checked_options(options))
        if self._source == "label_scores":
            return (LikelihoodRequest.of(request, "label_scores", options=texts),)
        longer = [request, *(_continued(request, text) for text in texts)]
        return tuple(LikelihoodRequest.of(one, "prompt_logprobs") for one in longer)

    async def estimate(
        self, request: Request, options: Sequence[str], teacher: Teacher, /
    ) -> Labelled:
        labels = checked_options(options)
        if not isinstance(teacher, Likelihoods):
            raise UserError(
                f"exact label distributions need log-probabilities of given texts, and "
                f"{teacher.name} gives none; use a local model, or method top_logprobs or sampled"
            )
        kept = Kept(teacher) if isinstance(teacher, AskedLikelihoods) else None
        likelihoods: Likelihoods = teacher if kept is None else kept
        texts, lengths = self._texts(labels), None
        if self._source == "prompt_logprobs":
            found = await prompt_scores(likelihoods, request, texts)
            scores = [score for score, _ in found]
            if self.normalise == "token":
                lengths = [count for _, count in found]
        else:
            scores = await likelihoods.label_scores(request, texts)
        distribution = from_scores(
            dict(zip(labels, scores, strict=True)),
            texts=texts,
            normalise=self.normalise,
            lengths=lengths,
            detail={"source": self._source, "prompt": prompt_hash(request)},
        )
        return Labelled(distribution, () if kept is None else tuple(kept.replies))

    @property
    def _source(self) -> Source:
        return "prompt_logprobs" if self.normalise == "token" else self.source

    def _texts(self, labels: Sequence[str]) -> list[str]:
        return [self.before + label + self.after for label in labels]


async def prompt_scores(
    likelihoods: Likelihoods, request: Request, texts: Sequence[str]
) -> list[tuple[float, int]]:
    """(summed log-probability in nats, tokens) of each text after the request's conversation, from
    the log-probabilities of the longer conversation's own tokens.

    A chat is made longer by an assistant's turn, whose text begins the answer. A token that holds
    the conversation's end and the text's beginning counts as the text's. Raises Malformed where
    the longer conversation is not the shorter one and the text.
    """
    start = "".join(text for text, _ in await likelihoods.prompt_logprobs(request))
    found = []
    for text in texts:
        tokens = await likelihoods.prompt_logprobs(_continued(request, text))
        if "".join(own for own, _ in tokens) != start + text:
            raise Malformed(
                f"the prompt with the label text {text!r} after it is not the prompt and that "
                "text, so its log-probability cannot be told; use source label_scores"
            )
        end, values = 0, []
        for own, value in tokens:
            end += len(own)
            if end > len(start):
                if value is None:
                    raise Malformed(f"a token of the label text {text!r} has no log-probability")
                values.append(value)
        found.append((math.fsum(values), len(values)))
    return found


def _continued(request: Request, text: str) -> Request:
    last = request.messages[-1]
    if request.template == "raw" or last.role == "assistant":
        longer = Message(last.role, last.content + text)
        return replace(request, messages=(*request.messages[:-1], longer))
    return replace(request, messages=(*request.messages, Message("assistant", text)))
