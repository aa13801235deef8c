"""Multiple choice of an lm-eval task in the written form: what a chat API can answer.

The question is the task's own, its options stand below it with letters, and the model writes one.
lm-eval itself refuses multiple choice for a model without log-likelihoods.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from limbeck.errors import UserError
from limbeck.evals.extract import chosen_option
from limbeck.evals.items import LETTERS, written_question
from limbeck.evals.tasks import FAILED, Doc, MessagesTask, chosen_text
from limbeck.record import content_hash

_ANSWER = re.compile(r"\s*\n?\s*(?:answer|a|answer choices?)\s*:\s*$", re.IGNORECASE)


class WrittenChoice(MessagesTask):
    """The docs are made from those of `inner`, an lm-eval task of multiple choice; worked examples
    are drawn as it draws them, and written in the same form."""

    def __init__(
        self, inner: Any, docs: Sequence[Doc], originals: Sequence[Any], **config: Any
    ) -> None:
        self._inner = inner
        names = [doc["place"] for doc in docs]
        self._originals = dict(zip(names, originals, strict=True))
        super().__init__(inner.task_name, docs, reading=chosen_text, **config)

    def prompt_of(self, doc: Doc) -> str | list[dict[str, str]]:
        shots = int(self._inner.get_config("num_fewshot") or 0)
        turns: list[dict[str, str]] = []
        described = self._inner.config.description
        if described:
            turns.append({"role": "system", "content": str(described).strip()})
        if shots:
            for shown in self._shown(self._originals[doc["place"]], shots):
                asked = _asked(self._inner, shown, "")
                turns.append({"role": "user", "content": asked["messages"][0]["content"]})
                turns.append({"role": "assistant", "content": LETTERS[asked["gold"][0]]})
        return [*turns, *doc["messages"]]

    def _shown(self, own: Any, shots: int) -> Sequence[Any]:
        """The docs of worked examples, never the item itself: lm-eval leaves it out only where the
        examples' split is said to be the test's."""
        sampler = self._inner.sampler
        pool = list(sampler.fewshot_docs())
        among = own in pool
        if len(pool) - among < shots:
            raise UserError(
                f"the task {self._inner.task_name} has {len(pool) - among} docs for worked "
                f"examples, and {shots} are wanted; set a smaller few_shot in eval.task_options"
            )
        found: Sequence[Any] = sampler.sample(n=shots, eval_doc=own if among else None)
        return found


def written_choice(inner: Any, max_tokens: int) -> WrittenChoice:
    """Accuracy of the option that the model writes, of an lm-eval task of multiple choice.

    The options of an item are shuffled, the same way for every model: in some tasks the right one
    is always the first. Options that are letters already stay, since the question lists them.
    Raises UserError for a task whose options are several contexts of one ending.
    """
    if inner.multiple_input:
        raise UserError(
            f"the task {inner.task_name} compares contexts and not answers, which cannot be "
            "written; leave it out, or set eval.form to loglikelihood"
        )
    originals = list(inner.eval_docs)
    docs = [_asked(inner, original, str(place)) for place, original in enumerate(originals)]

    def score(doc: Doc, results: list[Any]) -> dict[str, float]:
        if results[0] == FAILED:
            return {"acc": math.nan}
        return {"acc": float(chosen_option(results[0], doc["options"]) in doc["gold"])}

    return WrittenChoice(
        inner,
        docs,
        originals,
        output_type="generate_until",
        generation_kwargs={"until": [], "max_gen_toks": max_tokens, "do_sample": False},
        doc_to_target=_target,
        process_results=score,
        metric_list=[{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    )


def _target(doc: Doc) -> str:
    return str(doc["options"][doc["gold"][0]])


def _asked(inner: Any, original: Any, name: str) -> Doc:
    """An item: its prompt, its options in the order shown, the places of the right ones."""
    text = str(inner.doc_to_text(original)).strip()
    options = [str(option).strip() for option in inner.doc_to_choice(original)]
    gold = _gold(inner.doc_to_target(original), inner.doc_to_choice(original))
    question = _ANSWER.sub("", text) or text
    lettered = [option.strip("()[]. ").upper() for option in options] == list(
        LETTERS[: len(options)]
    )
    if lettered:
        content = f"{question}\n\nAnswer with the letter only."
        shown = list(LETTERS[: len(options)])
    else:
        order = sorted(range(len(options)), key=lambda n: content_hash([question, options[n], n]))
        shown = [options[n] for n in order]
        gold = sorted(order.index(n) for n in gold)
        content = written_question(question, shown)
    own = original.get("id") if isinstance(original, dict) else None
    return {
        "id": name if own is None else str(own),
        "place": name,
        "question": question,
        "messages": [{"role": "user", "content": content}],
        "options": shown,
        "gold": gold,
    }


def _gold(target: Any, options: Sequence[Any]) -> list[int]:
    """The places of the right options, from what lm-eval calls a target."""
    targets = target if isinstance(target, list) else [target]
    texts = [str(option).strip() for option in options]
    places = [
        int(one) if isinstance(one, int) else texts.index(str(one).strip())
        for one in targets
        if isinstance(one, int) or str(one).strip() in texts
    ]
    if not places or not all(0 <= place < len(texts) for place in places):
        raise UserError(f"a doc's target {target!r} is none of its options {texts!r}")
    return sorted(set(places))
