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
from limbeck.evals.engine import is_apart
from limbeck.evals.extract import chosen_option
from limbeck.evals.items import LETTERS, written_question
from limbeck.evals.tasks import FAILED, Doc, MessagesTask, chosen_text
from limbeck.record import content_hash

# Where the answer would begin, at the end of a question: a line of its own, or after a sentence.
_ANSWER = re.compile(
    r"(?:^|\n\s*|(?<=[.?!…。？！)\]\"'”’»])\s*)"
    r"(?:answer|a|answer choices?|答案|答|回答|答え|正解|정답)\s*[:：]\s*$",
    re.IGNORECASE,
)


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
        own = self.fields_of(doc)
        described = self._inner.resolve_field(own, self._inner.config.description)
        if described:
            turns.append({"role": "system", "content": str(described).strip()})
        if shots:
            others = own if is_apart(self._inner) else None
            for shown in self._inner.sampler.sample(n=shots, eval_doc=others):
                asked = _asked(self._inner, shown, "")
                turns.append({"role": "user", "content": asked["messages"][0]["content"]})
                turns.append({"role": "assistant", "content": LETTERS[asked["gold"][0]]})
        return [*turns, *doc["messages"]]

    def fields_of(self, doc: Doc) -> Any:
        """The doc of `inner` that a doc was made from."""
        return self._originals[doc["place"]]


def written_choice(inner: Any, max_tokens: int) -> WrittenChoice:
    """Accuracy of the option that the model writes, of an lm-eval task of multiple choice.

    The options of an item are shuffled, the same way for every model: in some tasks the right one
    is always the first. Options that are letters already stay, since the question lists them.
    Raises UserError for a task whose options are several contexts of one ending, and for an item
    with fewer options than two, or more than there are letters.
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
    if not 2 <= len(options) <= len(LETTERS):
        raise UserError(
            f"the task {inner.task_name} has an item of {len(options)} options, and letters are "
            f"written for 2 to {len(LETTERS)}; leave it out, or set eval.form to loglikelihood"
        )
    gold = _gold(inner.doc_to_target(original), inner.doc_to_choice(original))
    question = _ANSWER.sub("", text) or text
    letters = [option.strip("()[]. ").upper() for option in options]
    shown = list(LETTERS[: len(options)])
    if sorted(letters) == shown:  # the question lists them, in whatever order they are named
        content = f"{question}\n\nAnswer with the letter only."
        gold = sorted(shown.index(letters[place]) for place in gold)
    else:
        order = sorted(range(len(options)), key=lambda n: content_hash([question, options[n], n]))
        shown = [options[n] for n in order]
        right = {options[n] for n in gold}  # whoever names its double is right as well
        gold = [place for place, option in enumerate(shown) if option in right]
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
