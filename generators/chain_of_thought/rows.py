"""Paths as records: both completions, how they ended, the answer, and whether it is right."""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.generators.chain_of_thought.conclusion import parted
from limbeck.generators.chain_of_thought.paths import Path
from limbeck.protocols import Checked, Verifier
from limbeck.record import Provenance, Record

GENERATOR = "chain_of_thought"


def completion_of(path: Path) -> str:
    """The rationale with its answer, as one text: what is checked, and what a student learns.

    It has one answer: that of the second call, where there was one, stands in for what the first
    one concluded.
    """
    text = path.text.text.strip() if path.text is not None else ""
    if path.answer_text is None:
        return text
    rationale, said = parted(text)
    before = "" if said is not None and rationale == text else f"{rationale}\n"
    return f"{before}Therefore, the answer is {path.answer_text.text.strip()}"


def checked(path: Path, seed: Record, kind: str, verifier: Verifier) -> Checked | None:
    """Whether a path's answer is right; None without a target, where a call was cut off or held
    back, and for a path that failed, which makes no row."""
    if seed.target is None or path.text is None or path.failure is not None:
        return None
    if _finish_reason(path) != "stop":
        return None
    options = seed.meta.get("options")
    return verifier.check(completion_of(path), seed.target, kind, options=options)


def path_record(
    path: Path,
    seed: Record,
    kind: str,
    verifier: Verifier,
    *,
    teacher: str,
    found: Checked | None,
    pass_rate: float | None,
    paths: int,
    shown: Sequence[str] = (),
) -> Record:
    """The record of a path that got its replies. `finish_reason` is that of the rationale, but
    that of the second call, which has a key of its own as well, where the first one stopped.
    `rationale` is without what the first call concluded, but whole where the second call said
    something else: a filter sees that the two contradict each other. `shown` are the ids of the
    worked examples, where they were chosen for the question."""
    assert path.text is not None
    text = completion_of(path)
    options = seed.meta.get("options")
    answer = found.answer if found is not None else None
    if found is None and _finish_reason(path) == "stop":
        answer = verifier.canonical(text, kind, options=options)
    rationale, said = parted(path.text.text)
    if path.answer_text is not None and said is not None:
        first = verifier.canonical(path.text.text, kind, options=options)
        if first is not None and first != verifier.canonical(text, kind, options=options):
            rationale = path.text.text.strip()
    meta = {
        **seed.asked_meta,
        "kind": kind,
        "rationale": rationale,
        "finish_reason": _finish_reason(path),
        "usage": _usage(path),
        "paths": paths,
    }
    if shown:
        meta["demos"] = list(shown)
    if path.answer_text is not None:
        said = path.answer_text.text
        meta["answer_finish_reason"] = path.answer_text.finish_reason
    if said is not None:
        meta["answer_text"] = said
    if answer is not None:
        meta["answer"] = answer
    if found is not None:
        meta["check"] = {"status": found.status, "reason": found.reason}
    if pass_rate is not None:
        meta["pass_rate"] = pass_rate
    return Record(
        messages=seed.messages,
        completion=text,
        provenance=Provenance(
            generator=GENERATOR,
            teacher=teacher,
            prompt_version="+".join(filter(None, (path.asked.version, path.answer_version))),
            request=path.text.key,
            index=path.index,
            parents=(seed.id,),
        ),
        target=seed.target,
        meta=meta,
        columns=seed.columns,
    )


def pass_rate(found: Sequence[Checked | None]) -> float | None:
    """The share of right answers among the paths of a question with a target: what was cut off
    is not right. None without a path."""
    right = sum(one is not None and one.status == "correct" for one in found)
    return right / len(found) if found else None


def _finish_reason(path: Path) -> str:
    replies = [reply for reply in (path.text, path.answer_text) if reply is not None]
    reasons = [reply.finish_reason for reply in replies]
    return next((reason for reason in reasons if reason != "stop"), "stop")


def _usage(path: Path) -> dict[str, int]:
    return {
        "prompt_tokens": sum(reply.usage.prompt_tokens for reply in path.replies),
        "completion_tokens": sum(reply.usage.completion_tokens for reply in path.replies),
    }
