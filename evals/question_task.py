"""A task of questions with exact targets: the model writes, the verifier says if it is right."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from limbeck.evals.questions import Asking, Prompt
from limbeck.evals.tasks import FAILED, Cut, Doc, MessagesTask
from limbeck.protocols import Verifier
from limbeck.record import Record, messages_json


def answers(
    name: str,
    questions: Sequence[Record],
    asking: Asking,
    verifier: Verifier,
    *,
    max_tokens: int,
    is_marked: Callable[[str], bool],
) -> QuestionTask:
    """Accuracy by the verifier: 1 for a right answer, 0 for any other, unreadable ones too.

    A text that was cut at `max_tokens` counts where `is_marked` says that it gives its answer as
    one ("the answer is"): else the last number on the way would be taken for it.
    """
    docs = [
        {
            "id": question.id,
            "question": question.prompt,
            "target": question.target,
            "kind": str(question.meta.get("kind", "auto")),
            "options": list(question.meta.get("options", ())),
            "cluster": str(question.meta.get("template", "")),
        }
        for question in questions
    ]

    def score(doc: Doc, results: list[Any]) -> dict[str, float]:
        if results[0] == FAILED:
            return {"acc": math.nan}
        if isinstance(results[0], Cut) and not is_marked(results[0]):
            return {"acc": 0.0}
        options = doc["options"] or None
        found = verifier.check(results[0], doc["target"], doc["kind"], options=options)
        return {"acc": float(found.status == "correct")}

    def reading(doc: Doc, results: Sequence[Any]) -> str | None:
        if results[0] == FAILED or (isinstance(results[0], Cut) and not is_marked(results[0])):
            return None
        options = doc["options"] or None
        found = verifier.check(results[0], doc["target"], doc["kind"], options=options)
        return None if found.status == "unparseable" else found.answer

    return QuestionTask(
        name,
        docs,
        {question.id: asking.prompt(question) for question in questions},
        reading=reading,
        output_type="generate_until",
        generation_kwargs={
            "until": list(asking.stop),
            "max_gen_toks": max_tokens,
            "do_sample": False,
        },
        doc_to_text="question",
        doc_to_target="target",
        process_results=score,
        metric_list=[{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    )


class QuestionTask(MessagesTask):
    """Docs are the same for every role, so that items pair; prompts are not."""

    def __init__(
        self, name: str, docs: Sequence[Doc], prompts: dict[str, Prompt], **config: Any
    ) -> None:
        self._prompts = prompts
        super().__init__(name, docs, **config)

    def prompt_of(self, doc: Doc) -> str | list[dict[str, str]]:
        prompt = self._prompts[doc["id"]]
        return prompt if isinstance(prompt, str) else messages_json(tuple(prompt))
