"""What exported tasks call. `limbeck tasks export` copies this file beside them as utils.py.

It needs lm-eval only. Where limbeck is installed, written answers also get limbeck's own score,
`acc`; where it is not, there is no `acc`, and what is printed has another name and a plainer rule.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def rows(file: str, **_: object) -> dict[str, Any]:
    """The docs of a JSONL file beside this one. lm-eval passes the YAML's metadata as well.

    Lines end at "\\n" only, and no text is taken for a date, which the usual loader does.
    """
    from datasets import Dataset

    with Path(__file__).with_name(file).open("rb") as lines:
        docs = [json.loads(line) for line in lines if line.strip()]
    return {"test": Dataset.from_list(docs)}


def nll_per_token(doc: dict[str, Any], results: list[Any]) -> dict[str, float]:
    """Negative log-likelihood of the teacher's completion in nats per teacher's token."""
    (likelihood, _), *_ = results
    return {"nll_per_token": -float(likelihood) * doc["per_token"]}


def rouge_l(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """ROUGE-L F-measure (Lin 2004) of the answer against the teacher's completion, by rouge_score,
    which lm-eval brings along. Its own tokenizer drops every script but Latin."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], tokenizer=SimpleNamespace(tokenize=_words))
    return {"rouge_l": float(scorer.score(doc["completion"], results[0])["rougeL"].fmeasure)}


def written_choice(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Whether the right option was written: `letter_match` where the answer is its letter alone,
    `acc` by limbeck's reading of any answer, where limbeck is installed."""
    letter = results[0].strip().strip("()[].:*_ ").upper()
    scores = {"letter_match": float(letter == LETTERS[doc["answer"]])}
    try:
        from limbeck.evals.extract import chosen_option
    except ImportError:
        return scores
    return {"acc": float(chosen_option(results[0], doc["options"]) == doc["answer"]), **scores}


def verified_answer(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Whether a question was answered: `exact_match` where the whole text is the target but for
    case and white space, `acc` by limbeck's verifier, where limbeck is installed."""
    scores = {"exact_match": float(_folded(results[0]) == _folded(doc["target"]))}
    try:
        from limbeck.filters import answer
    except ImportError:
        return scores
    options = doc["options"] or None
    found = answer.check(results[0], doc["target"], doc["kind"], options=options)
    return {"acc": float(found.status == "correct"), **scores}


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _words(text: str) -> list[str]:
    """Words in small letters; where a script has no spaces, characters."""
    words: list[str] = []
    word = ""
    for char in unicodedata.normalize("NFC", text).casefold():
        alone = _stands_alone(ord(char))
        if not alone and (char.isalnum() or unicodedata.category(char)[0] == "M"):
            word += char
            continue
        if word:
            words.append(word)
            word = ""
        if alone:
            words.append(char)
    return [*words, word] if word else words


def _stands_alone(code: int) -> bool:
    """Chinese, Japanese kana, Thai and the like, and emoji."""
    return (
        0x3040 <= code <= 0x30FF
        or 0x3400 <= code <= 0x9FFF
        or 0x0E00 <= code <= 0x0EFF
        or 0xF900 <= code <= 0xFAFF
        or 0x1F300 <= code <= 0x1FAFF
        or 0x20000 <= code <= 0x3FFFF
    )
