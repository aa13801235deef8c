"""The training text of Fine-tune-CoT (Ho et al. 2023, arXiv:2212.10071), exactly as published:

    <question> ###  ->   <rationale> --> <answer>

The prompt ends in " ###", the completion begins with a space; what ends it is the student's own
end token. Arrows within a rationale are no harm: the last one is the answer's. Plain fine-tuning,
which it is compared with there, has the answer alone: `<question> ###` -> ` <answer>`.
"""

from __future__ import annotations

ARROW = " --> "
END_OF_QUESTION = " ###"


def arrow_prompt(question: str) -> str:
    return question.strip() + END_OF_QUESTION


def arrow_completion(rationale: str, answer: str) -> str:
    """Raises ValueError for an answer that has an arrow itself: it could not be read back."""
    answer = answer.strip()
    if ARROW.strip() in answer:
        raise ValueError(f"an answer may not hold '-->', got {answer!r}")
    return f" {rationale.strip()}{ARROW}{answer}"


def arrow_parts(completion: str) -> tuple[str, str | None]:
    """(rationale, answer) of a completion; the answer is None where there is no arrow."""
    rationale, arrow, answer = completion.rpartition(ARROW.rstrip())
    if not arrow:
        return completion.strip(), None
    return rationale.strip(), answer.strip()
