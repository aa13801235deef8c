"""What a teacher can give, each with the evidence; found out once per (endpoint, model)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, cast, get_args

from limbeck.errors import UserError
from limbeck.ledger import Ledger
from limbeck.models import ModelName, parse_model
from limbeck.recipe import TeacherSection
from limbeck.record import canonical_json
from limbeck.teachers.connect import identity
from limbeck.teachers.logprobs import Shape

Verdict = Literal["yes", "no", "unknown"]
TokenParameter = Literal["max_tokens", "max_completion_tokens"]
FindingName = Literal[
    "chat",
    "completions",
    "chat_logprobs",
    "completion_logprobs",
    "prompt_logprobs",
    "n",
    "seed",
    "stop",
    "token_limit",
    "usage",
]
FINDINGS: tuple[FindingName, ...] = get_args(FindingName)
ABOUT: Mapping[FindingName, str] = {
    "chat": "chat completions",
    "completions": "completions of raw prompts",
    "chat_logprobs": "log-probabilities in chat completions",
    "completion_logprobs": "log-probabilities in completions",
    "prompt_logprobs": "the prompt's own log-probabilities",
    "n": "several answers to one request",
    "seed": "answers that a seed makes reproducible",
    "stop": "stop strings",
    "token_limit": "a limit on the answer's tokens",
    "usage": "token counts",
}
KIND = "capabilities"  # of the ledger's facts


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict and the short sentence that it rests on."""

    verdict: Verdict
    evidence: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one teacher gives; a finding is "yes" only where the answers were checked.

    `prompt_logprobs` is by echo at /completions. `top_logprobs` and `completion_top_logprobs` are
    how many likeliest tokens come with each token, in chat and in completions; 0 for none.
    `completion_shape` is the shape in which completions carry log-probabilities, see
    `teachers.logprobs`. `token_parameter` is the name under which chat takes its token limit.
    """

    teacher: str
    chat: Finding
    completions: Finding
    chat_logprobs: Finding
    completion_logprobs: Finding
    prompt_logprobs: Finding
    n: Finding
    seed: Finding
    stop: Finding
    token_limit: Finding
    usage: Finding
    top_logprobs: int = 0
    completion_top_logprobs: int = 0
    completion_shape: Shape | None = None
    token_parameter: TokenParameter = "max_tokens"

    def __getitem__(self, name: FindingName) -> Finding:
        return cast(Finding, getattr(self, name))

    def require(self, name: FindingName, *, needed_by: str, top: int = 0) -> None:
        """Raises UserError unless the finding is "yes", and at least `top` likeliest tokens come
        with each token where `name` is one of the two kinds of log-probabilities of answers.

        `needed_by` begins the sentence: "generator label_words".
        """
        finding = self[name]
        if finding.verdict != "yes":
            lacks = (
                "does not give them"
                if finding.verdict == "no"
                else "may or may not give them: that could not be told"
            )
            raise UserError(
                f"{needed_by} needs {ABOUT[name]}, and {self.teacher} {lacks} "
                f"({finding.evidence}). {_what_to_do(finding)}"
            )
        given = {
            "chat_logprobs": self.top_logprobs,
            "completion_logprobs": self.completion_top_logprobs,
        }.get(name, top)
        if given < top:
            raise UserError(
                f"{needed_by} needs the {top} likeliest tokens at each place, and {self.teacher} "
                f"gives {given} ({finding.evidence}). Ask for fewer, or choose another teacher"
            )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Any) -> Self:
        """The inverse of `to_json`. Raises ValueError for what another version has written."""
        names = [field.name for field in fields(cls)]
        if not isinstance(row, dict) or sorted(row) != sorted(names):
            raise ValueError("these are no capabilities of this version's")
        try:
            return cls(**row | {name: Finding(**row[name]) for name in FINDINGS})
        except TypeError as error:
            raise ValueError(f"these are no capabilities: {error}") from error


def _what_to_do(finding: Finding) -> str:
    if finding.verdict == "no":
        return "Choose another teacher; if the server has changed, run limbeck probe with --again"
    return "Run limbeck probe with --again, or choose another teacher"


def recalled(section: TeacherSection, ledger: Ledger) -> Capabilities | None:
    """What an earlier probe of the same endpoint and model has left in the ledger, or None."""
    row = ledger.recall(KIND, canonical_json(dict(identity(section))))
    try:
        return None if row is None else Capabilities.from_json(row)
    except ValueError:
        return None  # of another version: it is probed again


async def capabilities(
    section: TeacherSection, ledger: Ledger, *, again: bool = False
) -> Capabilities:
    """What the teacher gives: from the ledger, else (or with `again`) from a probe, which is then
    stored. A local teacher is not probed and not stored: its weights say it all.

    Raises UserError: a missing key, AuthError, UnknownModel, EndpointError, a model that cannot
    be loaded.
    """
    name = parse_model(section.model)
    if name.kind == "fake":
        return of_fake(str(name))
    if name.kind != "openai":
        return of_weights(name, section)
    known = None if again else recalled(section, ledger)
    if known is not None:
        return known
    from limbeck.teachers.openai import openai_teacher
    from limbeck.teachers.probe import probe

    teacher = openai_teacher(name, section)
    try:
        found = await probe(teacher)
    finally:
        await teacher.aclose()
    ledger.remember(KIND, canonical_json(dict(teacher.identity)), found.to_json())
    return found


def of_weights(name: ModelName, section: TeacherSection) -> Capabilities:
    """What a model in this process gives; it is loaded for that. Raises ModelError."""
    from limbeck.hf import load
    from limbeck.teachers.kv_cache import require_plain_attention
    from limbeck.teachers.vllm import wants_vllm

    by_vllm = wants_vllm(name, section.engine)
    loaded = load(name, dtype=section.dtype)
    here, exact = Finding("yes", "in this process"), Finding("yes", "exact, from the weights")
    if by_vllm:
        exact = Finding("no", "run by vLLM it gives texts only; set teacher.engine: transformers")
    else:
        require_plain_attention(loaded.model.config)
    top = 0 if by_vllm else len(loaded.tokenizer)
    chat = here
    if loaded.tokenizer.chat_template is None:
        chat = Finding("no", "it has no chat template: it is a base model")
    return Capabilities(
        teacher=str(name),
        chat=chat,
        completions=here,
        chat_logprobs=exact if chat is here else chat,
        completion_logprobs=exact,
        prompt_logprobs=exact,
        n=Finding("yes", "the paths of one prompt share the work on it"),
        seed=here,
        stop=here,
        token_limit=here,
        usage=here,
        top_logprobs=top if chat is here else 0,
        completion_top_logprobs=top,
    )


def of_fake(name: str) -> Capabilities:
    """What a fake teacher gives: texts."""
    yes, no = Finding("yes", "a fake says something"), Finding("no", "a fake gives texts only")
    return Capabilities(
        teacher=name,
        chat=yes,
        completions=yes,
        chat_logprobs=no,
        completion_logprobs=no,
        prompt_logprobs=no,
        n=no,
        seed=Finding("yes", "a fake draws by the request's seed"),
        stop=no,
        token_limit=no,
        usage=Finding("yes", "a fake counts words"),
    )
