"""The best estimator that a teacher allows is chosen, and says why."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.labels.choose import estimator
from limbeck.labels.exact import Exact
from limbeck.labels.sampled import Sampled
from limbeck.labels.top_logprobs import TopLogprobs
from limbeck.teachers.capabilities import Capabilities, Finding, of_fake
from limbeck.testing import FakeLikelihoods, FakeTeacher

YES, NO = Finding("yes", "seen"), Finding("no", "accepted, but none came")
TEXTS = of_fake("fake:x")
CHAT = replace(TEXTS, chat_logprobs=YES, top_logprobs=20)
RAW = replace(TEXTS, completion_logprobs=YES, completion_top_logprobs=5, chat_logprobs=NO)
MOODS = ("positive", "negative", "neutral")


@pytest.mark.parametrize(
    ("teacher", "options", "how", "expected", "why"),
    [
        (FakeLikelihoods(), MOODS, {}, Exact(), "exact, since fake:fake scores whole labels"),
        (FakeLikelihoods(), MOODS, {"capabilities": CHAT}, Exact(), "exact"),
        (
            FakeTeacher(),
            MOODS,
            {"capabilities": CHAT},
            TopLogprobs(k=20),
            "gives the 20 likeliest tokens of an answer, enough for 3 labels",
        ),
        (
            FakeTeacher(),
            MOODS,
            {"capabilities": RAW, "template": "raw"},
            TopLogprobs(k=5),
            "the 5 likeliest",
        ),
        (FakeTeacher(), MOODS, {"capabilities": RAW}, Sampled(), r"\(accepted, but none came\)"),
        (
            FakeTeacher(),
            tuple("abcdef"),
            {"capabilities": RAW, "template": "raw"},
            Sampled(),
            "gives the 5 likeliest tokens, and 6 are needed",
        ),
        (
            FakeTeacher(),
            ("not good", "not bad"),
            {"capabilities": CHAT},
            Sampled(),
            "two labels begin alike",
        ),
        (FakeTeacher(), MOODS, {}, Sampled(), "nobody has probed"),
        (FakeTeacher(), MOODS, {"capabilities": TEXTS}, Sampled(), "a fake gives texts only"),
        (
            FakeTeacher(),
            MOODS,
            {"capabilities": TEXTS, "sampled": Sampled(n=3)},
            Sampled(n=3),
            "sampled, since",
        ),
        (
            FakeTeacher(),
            MOODS,
            {"capabilities": CHAT, "top_logprobs": TopLogprobs(k=7)},
            TopLogprobs(k=7),
            "the 7 likeliest",
        ),
        (
            FakeTeacher(),
            MOODS,
            {"capabilities": RAW, "template": "raw", "top_logprobs": TopLogprobs(k=7)},
            Sampled(),
            "gives the 5 likeliest tokens, and 7 are needed",
        ),
        (FakeLikelihoods(), MOODS, {"method": "sampled"}, Sampled(), "as asked for"),
        (
            FakeLikelihoods(),
            MOODS,
            {"method": "top_logprobs", "capabilities": CHAT},
            TopLogprobs(k=20),
            "as asked for",
        ),
        (FakeTeacher(), MOODS, {"method": "top_logprobs"}, TopLogprobs(k=20), "as asked for"),
        (
            FakeLikelihoods(),
            MOODS,
            {"method": "exact", "exact": Exact("byte")},
            Exact("byte"),
            "exact",
        ),
    ],
)
def test_what_is_chosen(
    teacher: FakeTeacher, options: tuple[str, ...], how: dict[str, Any], expected: Any, why: str
) -> None:
    found = estimator(teacher, options, **how)
    assert found.estimator == expected
    assert found.method == expected.method
    assert re.search(why, found.why), found.why


def test_one_label_is_no_choice() -> None:
    with pytest.raises(UserError, match="at least two labels"):
        estimator(FakeLikelihoods(), ["one"])


def test_many_labels_want_many_tokens_where_there_are_any() -> None:
    weights: Capabilities = replace(CHAT, top_logprobs=49_152)
    found = estimator(FakeTeacher(), [chr(0x4E00 + i) for i in range(30)], capabilities=weights)
    assert found.estimator == TopLogprobs(k=60)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"method": "exact"}, "generator label_words by method exact needs log-probabilities of"),
        (
            {"method": "top_logprobs", "capabilities": TEXTS},
            "generator label_words by top_logprobs needs log-probabilities in chat completions, "
            "and fake:x does not give them",
        ),
        (
            {"method": "top_logprobs", "capabilities": RAW, "top_logprobs": TopLogprobs(k=9)}
            | {"template": "raw"},
            "needs the 9 likeliest tokens at each place, and fake:x gives 5",
        ),
        ({"method": "guess"}, "generator label_words: method must be one of auto, exact"),
    ],
)
def test_what_a_teacher_does_not_give_is_refused(how: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        estimator(FakeTeacher(), MOODS, needed_by="generator label_words", **how)


def test_an_import_loads_nothing_heavy() -> None:
    absent = ["torch", "transformers", "aiohttp", "openai", "numpy"]
    code = f"import limbeck.labels\nimport sys\nprint(*(set({absent!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
