"""limbeck's own lm-eval tasks: imitation of held-out completions, and multiple-choice items.

The prompt of a task is a list of chat messages; each model renders it with its own template.
Every process_results returns one score per item: NaN is "no score", never zero.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from datasets import Dataset
from lm_eval.api.task import ConfigurableTask

from limbeck.errors import MissingExtra
from limbeck.evals.extract import chosen_option, is_word, stands_alone
from limbeck.evals.items import Item, written_question
from limbeck.record import Record, messages_json

FAILED = "\x00limbeck: this call failed\x00"
"""What a model returns for a call that got no answer; its item has no score."""


class Cut(str):
    """What a model wrote until it was cut off at the token limit."""

    __slots__ = ()


Doc = dict[str, Any]


class MessagesTask(ConfigurableTask):  # type: ignore[misc]  # lm_eval ships no types
    """An lm-eval task over ready docs, each with its prompt under "messages".

    `reading(doc, results)` gives the answer that a written text makes, as text; None for none.
    """

    def __init__(
        self,
        name: str,
        docs: Sequence[Doc],
        *,
        reading: Callable[[Doc, Sequence[Any]], str | None] | None = None,
        **config: Any,
    ) -> None:
        self.reading = reading
        super().__init__(
            config={
                "task": name,
                "custom_dataset": lambda **_: {"test": Dataset.from_list(list(docs))},
                "test_split": "test",
                "num_fewshot": 0,
                "target_delimiter": "",
                "doc_to_text": _last_content,
                **config,
            }
        )

    def fewshot_context(
        self,
        doc: Doc,
        num_fewshot: int,
        system_instruction: str | None = None,
        apply_chat_template: bool = False,
        fewshot_as_multiturn: bool = False,
        chat_template: Callable[..., str] | None = None,
        gen_prefix: str | None = None,
    ) -> str:
        prompt = self.prompt_of(doc)
        if isinstance(prompt, str):
            return prompt
        if apply_chat_template and chat_template is not None:
            return chat_template(prompt)
        return "\n\n".join(message["content"] for message in prompt) + "\n"

    def prompt_of(self, doc: Doc) -> str | list[dict[str, str]]:
        """Raw text to be continued, or the messages of a chat."""
        return _last_content(doc) if doc.get("raw") else doc["messages"]


def _last_content(doc: Doc) -> str:
    return str(doc["messages"][-1]["content"])


def imitation_nll(records: Sequence[Record]) -> MessagesTask:
    """Negative log-likelihood of the teacher's own held-out completions, in nats a token.

    The token is the teacher's: every model's sum is divided by the same count, so that students
    with another tokenizer compare, and the mean over items is the corpus mean.
    """
    counts = [max(1, int(r.meta.get("usage", {}).get("completion_tokens") or 1)) for r in records]
    mean = sum(counts) / len(counts)

    def score(doc: Doc, results: list[Any]) -> dict[str, float]:
        (likelihood, _), *_ = results
        return {"nll_per_token": -float(likelihood) / mean}

    return MessagesTask(
        "imitation_nll",
        [_doc(record) for record in records],
        output_type="loglikelihood",
        doc_to_target="completion",
        process_results=score,
        metric_list=[_mean("nll_per_token", higher_is_better=False)],
    )


def imitation_rouge_l(records: Sequence[Record], max_tokens: int) -> MessagesTask:
    """ROUGE-L F-measure of the greedy completion against the teacher's held-out one."""

    def score(doc: Doc, results: list[Any]) -> dict[str, float]:
        if results[0] == FAILED:
            return {"rouge_l": math.nan}
        return {"rouge_l": rouge_l(doc["completion"], results[0])}

    return MessagesTask(
        "imitation_rouge_l",
        [_doc(record) for record in records],
        output_type="generate_until",
        generation_kwargs={"until": [], "max_gen_toks": max_tokens, "do_sample": False},
        doc_to_target="completion",
        process_results=score,
        metric_list=[_mean("rouge_l", higher_is_better=True)],
    )


def choice_by_likelihood(name: str, items: Sequence[Item]) -> MessagesTask:
    """Accuracy by the likelihood of each option's text after the question."""
    docs = [
        {
            "id": item.id,
            "question": item.question,
            "messages": [{"role": "user", "content": item.question}],
            "options": list(item.options),
            "answer": item.answer,
            "topic": item.topic,
        }
        for item in items
    ]

    def score(doc: Doc, results: list[Any]) -> dict[str, float]:
        likelihoods = [likelihood for likelihood, _ in results]
        return {"acc": float(likelihoods.index(max(likelihoods)) == doc["answer"])}

    return MessagesTask(
        name,
        docs,
        output_type="multiple_choice",
        doc_to_choice="options",
        doc_to_target="answer",
        process_results=score,
        metric_list=[_mean("acc", higher_is_better=True)],
    )


def choice_by_writing(name: str, items: Sequence[Item], max_tokens: int) -> MessagesTask:
    """Accuracy of the option that the model writes down: the form a chat API can answer."""
    docs = [
        {
            "id": item.id,
            "question": item.question,
            "messages": [
                {"role": "user", "content": written_question(item.question, item.options)}
            ],
            "options": list(item.options),
            "answer": item.answer,
            "topic": item.topic,
        }
        for item in items
    ]

    def score(doc: Doc, results: list[Any]) -> dict[str, float]:
        if results[0] == FAILED:
            return {"acc": math.nan}
        return {"acc": float(chosen_option(results[0], doc["options"]) == doc["answer"])}

    return MessagesTask(
        name,
        docs,
        reading=chosen_text,
        output_type="generate_until",
        generation_kwargs={"until": [], "max_gen_toks": max_tokens, "do_sample": False},
        doc_to_target="answer",
        process_results=score,
        metric_list=[_mean("acc", higher_is_better=True)],
    )


def chosen_text(doc: Doc, results: Sequence[Any]) -> str | None:
    """The option that was written, as its text; None for none."""
    place = chosen_option(str(results[0]), doc["options"])
    return None if place is None else str(doc["options"][place])


def _doc(record: Record) -> Doc:
    return {
        "id": record.id,
        "messages": messages_json(record.messages),
        "completion": record.completion,
        "raw": record.provenance.template == "raw",
    }


def _mean(metric: str, *, higher_is_better: bool) -> dict[str, Any]:
    return {"metric": metric, "aggregation": "mean", "higher_is_better": higher_is_better}


@cache
def _scorer() -> Any:
    try:
        from rouge_score import rouge_scorer
    except ImportError as error:
        raise MissingExtra("rouge-score", "eval") from error
    return rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False, tokenizer=_Words())


def rouge_l(target: str, text: str) -> float:
    """ROUGE-L F-measure (Lin 2004) over words; where a script has no spaces, over characters."""
    return float(_scorer().score(target, text)["rougeL"].fmeasure)


class _Words:
    """rouge_score's own tokenizer drops every script but Latin; this one drops none."""

    def tokenize(self, text: str) -> list[str]:
        words: list[str] = []
        word = ""
        for char in unicodedata.normalize("NFC", text).casefold():
            if is_word(char) and not stands_alone(char):
                word += char
                continue
            if word:
                words.append(word)
                word = ""
            if stands_alone(char):
                words.append(char)
        return [*words, word] if word else words
