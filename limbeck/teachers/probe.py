"""Asks a server a few tiny questions to find out what it gives, and checks every answer.

That a parameter is accepted says nothing: some servers ignore what they do not know. A finding is
"yes" only where the answer shows it, and "unknown" where no answer can tell.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import NamedTuple

from limbeck.errors import (
    AskError,
    BadRequest,
    EndpointError,
    LimbeckError,
    Malformed,
    UnknownModel,
    Unreachable,
)
from limbeck.teachers.capabilities import Capabilities, Finding, TokenParameter
from limbeck.teachers.logprobs import Shape, alternatives, echoed, per_token, read_logprobs
from limbeck.teachers.openai import OpenAITeacher
from limbeck.teachers.probe_sender import MAX_TOKENS, Json, Sender, path_of
from limbeck.teachers.replies import read_reply, read_usage

MOST_REQUESTS = 16  # of one probe, not counting those sent again after a failure
TOPS = (1, 5, 10, 20)
STOPS = ("a", "e", "i", "o")  # hardly a text does without

STORY = "Tell me a long story about the sea."
DRAW = "Write ten random words and numbers."
# What continues it is plain to every language model, in any number of tokens.
CONTEXT = "One, two, three, four, five, six,"
LIKELY, ABSURD = " seven, eight, nine", " purple, Tuesday, kettle"
MARGIN = 1.0  # nats a token between the two
SAME = 0.5  # nats: the most by which one token's score may differ between two equal requests


async def probe(teacher: OpenAITeacher, *, first_wait: float = 0.5) -> Capabilities:
    """What the server gives, found out by at most MOST_REQUESTS requests of MAX_TOKENS each.

    A failure that may pass is waited for, `first_wait` seconds and more; what fails for good
    leaves its finding "unknown". Raises AuthError, UnknownModel, BudgetError or EndpointError
    where the server answers nothing at all.
    """
    return await _Probe(Sender(teacher, first_wait)).run()


class _Plain(NamedTuple):
    """What the plainest request to one path came to."""

    finding: Finding
    body: Json | None = None
    stopped: LimbeckError | None = None


class _Logprobs(NamedTuple):
    finding: Finding
    top: int = 0
    shape: Shape | None = None


class _Probe:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._send = sender.send
        self._name = f"{sender.teacher.name} at {sender.teacher.identity['endpoint']}"

    async def run(self) -> Capabilities:
        chat = await self._plain(self._plain_chat(), raw=False)
        raw = await self._plain(self._send(STORY, raw=True), raw=True)
        answer = raw.body if chat.body is None else chat.body
        if answer is None:
            raise self._nothing(chat, raw)
        on_raw = chat.body is None  # then completions tell what chat cannot

        async def told(check: Awaitable[Finding]) -> Finding:
            finding = await _told(check)
            where = f" (at {path_of(True)})" if on_raw else ""
            return Finding(finding.verdict, finding.evidence + where)

        chat_logprobs = await self._logprobs(chat, raw=False)
        raw_logprobs = await self._logprobs(raw, raw=True)
        return Capabilities(
            teacher=self._name,
            chat=chat.finding,
            completions=raw.finding,
            chat_logprobs=chat_logprobs.finding,
            completion_logprobs=raw_logprobs.finding,
            prompt_logprobs=await self._prompt_logprobs(raw_logprobs.finding),
            n=await told(self._n(on_raw)),
            seed=await told(self._seed(on_raw)),
            stop=await told(self._stop(on_raw, answer)),
            token_limit=self._token_limit(on_raw, answer),
            usage=_usage(answer),
            top_logprobs=chat_logprobs.top,
            completion_top_logprobs=raw_logprobs.top,
            completion_shape=raw_logprobs.shape,
            token_parameter=self._sender.parameter,
        )

    async def _plain(self, ask: Awaitable[Json], *, raw: bool) -> _Plain:
        """Whether the path answers at all. A 404 may mean the path or the model: the other path
        will tell."""
        path = path_of(raw)
        try:
            return _Plain(Finding("yes", f"{path} answers"), body=await ask)
        except (UnknownModel, EndpointError) as error:
            if isinstance(error.__cause__, Unreachable):  # nothing listens, on any path
                raise
            return _Plain(Finding("no", self._sender.status(raw)), stopped=error)
        except AskError as error:
            return _Plain(_failed(error))

    def _nothing(self, chat: _Plain, raw: _Plain) -> LimbeckError:
        """Neither path has answered: what to say."""
        if chat.stopped is not None:
            return chat.stopped
        return EndpointError(
            f"{self._name} answers nothing. {path_of(False)}: {chat.finding.evidence}; "
            f"{path_of(True)}: {raw.finding.evidence}. Check the model, base_url and teacher.extra"
        )

    async def _plain_chat(self) -> Json:
        """An answer under the first name of the token limit that is accepted and obeyed, else
        accepted."""
        sender = self._sender
        names: list[TokenParameter] = ["max_tokens", "max_completion_tokens"]
        names.sort(key=lambda name: name != sender.usual)
        refusal: BadRequest | None = None
        ignored: tuple[TokenParameter, Json] | None = None
        for name in names:
            sender.parameter = name
            try:
                answer = await self._send(STORY, raw=False)
            except BadRequest as error:
                refusal = refusal or error
                continue
            if _used(answer) <= MAX_TOKENS:
                return answer
            ignored = ignored or (name, answer)
        sender.parameter = sender.usual
        if ignored is None:
            assert refusal is not None
            raise refusal
        sender.parameter, answer = ignored
        return answer

    def _token_limit(self, raw: bool, answer: Json) -> Finding:
        name = "max_tokens" if raw else self._sender.parameter
        finish = answer["choices"][0].get("finish_reason")
        used = _used(answer)
        if used > MAX_TOKENS:
            return Finding("no", f"accepted, but {used} tokens came where {MAX_TOKENS} were asked")
        if not raw and name != self._sender.usual:
            return Finding("yes", f"by {name} only: set teacher.token_parameter: {name}")
        if finish == "length" or used == MAX_TOKENS:
            return Finding("yes", f"by {name}")
        return Finding("unknown", f"{name} is accepted, and the answer ended before it")

    async def _logprobs(self, plain: _Plain, *, raw: bool) -> _Logprobs:
        """With as many likeliest tokens as are accepted, found by bisection."""
        if plain.body is None:
            return _Logprobs(Finding(plain.finding.verdict, f"{path_of(raw)} does not answer"))
        low, high, middle = 0, len(TOPS), len(TOPS) - 1
        asked = 0
        answer: Json = {}
        refusal: BadRequest | None = None
        try:
            while low < high:
                top = TOPS[middle]
                changes = {"logprobs": top} if raw else {"logprobs": True, "top_logprobs": top}
                try:
                    answer, asked = await self._send(STORY, raw=raw, **changes), top
                    low = middle + 1
                except BadRequest as error:
                    refusal, high = error, middle
                middle = (low + high) // 2
        except AskError as error:
            return _Logprobs(_failed(error))
        if not asked:
            assert refusal is not None
            return _Logprobs(_failed(refusal))
        return _delivered(answer, asked, refusal, raw=raw)

    async def _prompt_logprobs(self, completions: Finding) -> Finding:
        if completions.verdict != "yes":
            return Finding(completions.verdict, "it needs log-probabilities in completions")
        return await _told(self._echo())

    async def _echo(self) -> Finding:
        """Some servers accept echo and leave the prompt out: then every text scores the same."""
        read = []
        for prompt in (CONTEXT + LIKELY, CONTEXT + ABSURD):
            answer = await self._send(prompt, raw=True, echo=True, logprobs=1, max_tokens=1)
            try:
                read.append(echoed(answer["choices"][0], prompt))
            except Malformed as error:
                return Finding("no", f"accepted, but {error}")
        likely, absurd = (per_token(tokens, len(CONTEXT)) for tokens in read)
        scores = f"a likely continuation scores {likely:.2f} nats a token, an absurd one "
        if abs(likely - absurd) < 1e-9:
            return Finding("no", "accepted, but a likely and an absurd text score the same")
        if likely - absurd < MARGIN:
            return Finding("no", f"accepted, but {scores}{absurd:.2f}")
        end = 0
        for one, other in zip(*read, strict=False):
            end += len(one.text)
            if end > len(CONTEXT) or one.text != other.text:
                break
            if abs((one.logprob or 0.0) - (other.logprob or 0.0)) > SAME:
                return Finding("no", "accepted, but the same words score differently each time")
        return Finding("yes", f"{scores}{absurd:.2f}")

    async def _n(self, raw: bool) -> Finding:
        came = len((await self._send(STORY, raw=raw, n=2))["choices"])
        if came == 2:
            return Finding("yes", "two answers were asked for, and two came")
        return Finding("no", f"accepted, but {came} came where two answers were asked for")

    async def _seed(self, raw: bool) -> Finding:
        answers = [await self._send(DRAW, raw=raw, seed=seed) for seed in (1, 1, 2)]
        first, again, other = (_text(answer, raw) for answer in answers)
        if not (first.strip() and again.strip() and other.strip()):
            return Finding("unknown", "an answer is empty")
        if first != again:
            return Finding("no", "accepted, but the same seed gave two different texts")
        if first == other:
            return Finding("unknown", "two seeds gave one text, so the answers may not be drawn")
        return Finding("yes", "the same seed gave the same text, and another seed another one")

    async def _stop(self, raw: bool, control: Json) -> Finding:
        text = _text(await self._send(STORY, raw=raw, stop=list(STOPS)), raw)
        if any(stop in text for stop in STOPS):
            return Finding("no", "accepted, but the text goes on past a stop string")
        if any(stop in _text(control, raw) for stop in STOPS):
            return Finding("yes", "the text ends before the first stop string")
        return Finding("unknown", "the answer holds no stop string anyway")


async def _told(check: Awaitable[Finding]) -> Finding:
    try:
        return await check
    except AskError as error:
        return _failed(error)


def _failed(error: AskError) -> Finding:
    text = " ".join(str(error).split())[:200]
    return Finding("no" if isinstance(error, BadRequest) else "unknown", text)


def _delivered(answer: Json, asked: int, refusal: BadRequest | None, *, raw: bool) -> _Logprobs:
    try:
        read = read_logprobs(answer["choices"][0])
        count = 0 if read is None else alternatives(read[1])
    except Malformed as error:
        return _Logprobs(Finding("no", f"accepted, but {error}"))
    if read is None:
        if not _text(answer, raw):
            return _Logprobs(Finding("unknown", "the answer is empty, so it shows nothing"))
        return _Logprobs(Finding("no", "accepted, but no log-probabilities came"))
    evidence = f"with the {min(count, asked)} likeliest tokens at each place"
    if count < asked:
        evidence += f", where {asked} were asked for"
    elif refusal is not None:
        evidence += f"; more are refused ({_failed(refusal).evidence})"
    return _Logprobs(Finding("yes", evidence), min(count, asked), read[0])


def _usage(answer: Json) -> Finding:
    usage = read_usage(answer.get("usage"))
    if usage.prompt_tokens and usage.completion_tokens:
        return Finding("yes", f"{usage.prompt_tokens} in, {usage.completion_tokens} out")
    return Finding("no", "the answer does not say how many tokens it took")


def _used(answer: Json) -> int:
    return read_usage(answer.get("usage")).completion_tokens


def _text(answer: Json, raw: bool) -> str:
    return read_reply(answer, raw=raw).text
