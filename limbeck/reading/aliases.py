"""The names that people give the same columns. The first that a row has counts.

Names are compared without case, and with "-" and " " as "_". The order within a role is that in
which they are tried; the names that limbeck has always known come first, so that ids stay.
"""

from __future__ import annotations

from functools import lru_cache

ROLES: dict[str, tuple[str, ...]] = {
    "instruction": (
        "instruction", "prompt", "question", "query", "problem", "user_prompt", "user_message",
        "user", "human", "task_description", "squestion", "input", "turns",
    ),
    "input": ("input", "context"),
    "output": (
        "output", "completion", "response", "generation", "generations", "responses",
        "completions", "outputs", "model_output", "model_response", "generated_text",
        "assistant", "assistant_message", "gpt", "bot", "reply", "chosen", "chain_of_thought",
        "cot", "rationale", "prediction", "solution", "deepseek_attempt", "gemini_attempt",
        "attempt", "answer", "target",
    ),
    "target": (
        "target", "reference", "reference_answer", "ground_truth", "gold", "gold_answer",
        "final_answer", "expected_answer", "expected_output", "correct_answer", "best_answer",
        "answerkey", "answer_key", "correct", "answer", "answers", "lsolutions",
    ),
    "system": ("system", "system_prompt", "system_message"),
    "options": ("options", "choices", "target_scores"),
    "kind": ("kind", "answer_type"),
    "model": (
        "model", "model_name", "model_id", "model_used", "teacher", "source_model",
        "generation_model",
    ),
    "licence": ("license", "licence"),
    "origin": (
        "source", "dataset", "data_source", "source_dataset", "dataset_source", "origin", "url",
        "subset", "repo",
    ),
    "template": ("template", "template_id"),
    "finish_reason": ("finish_reason",),
    "classification": ("is_classification",),
    "messages": ("messages", "conversations", "conversation", "dialogue", "dialog", "chat"),
    "history": ("history",),
    "text": ("text",),
}  # fmt: skip

WRAPPERS = (
    "data", "rows", "examples", "outputs", "train", "items", "records", "results", "questions",
)  # fmt: skip
"""Lists of a JSON object that hold the rows, the first that is there."""

_LONGEST = 100  # characters of a name that is looked up
PLURAL = frozenset({"generation", "generations", "responses", "completions", "outputs"})
"""Outputs that may be a list: several paths of one prompt."""

ROW_KEYS = frozenset(
    {"messages", "conversations", "instances", "instruction", "prompt", "question"}
)
"""An object with one of these is a row itself, whatever lists it has."""

_WORDS = {  # parts of names, for names that are not listed above
    "instruction": ("instruction", "prompt", "question", "query", "problem", "ask"),
    "output": ("output", "completion", "response", "reply", "answer", "solution", "generation"),
}
_NOT_TEXT = frozenset(
    {"id", "ids", "index", "idx", "type", "score", "length", "len", "tokens", "count", "hash",
     "time", "date", "key", "version", "language", "lang", "source", "url", "model", "category",
     "label", "similar", "metadata", "instances", "correct", "template"}
)  # fmt: skip


def plain(name: str) -> str:
    """The name as the table has it: "Chain-of-Thought" is "chain_of_thought"."""
    return _plain(name) if len(name) <= _LONGEST else name


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return name.strip().casefold().replace("-", "_").replace(" ", "_")


def role_of(name: str) -> str | None:
    """The first role that lists the name."""
    return next((role for role, names in ROLES.items() if plain(name) in names), None)


def likely(name: str, role: str) -> bool:
    """Whether a name that is not listed sounds like the role ("model_answer", "user question")."""
    parts = plain(name).split("_")
    return any(word in parts for word in _WORDS[role]) and not _NOT_TEXT.intersection(parts)


def is_meta(name: str) -> bool:
    """Whether a name says that the column is about the row and not its text."""
    return bool(_NOT_TEXT.intersection(plain(name).split("_")))
