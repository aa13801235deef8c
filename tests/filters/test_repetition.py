"""Record filter `repetition`: circles are refused; lists, refrains, code and tables are not."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.filters.repeats import AGAIN, TOP, repeats
from limbeck.filters.repetition import LIMITS, RepetitionFilter, repetition_of
from limbeck.protocols import Filter
from limbeck.record import Provenance, Record, user

REFRAIN = "And we sang hey ho, hey ho the wind."
POEM = f"""The sun rose over the hill,
{REFRAIN}
The birds were loud and shrill,
{REFRAIN}

The moon came up at night,
{REFRAIN}
The stars were very bright,
{REFRAIN}"""
GOOD = {
    "labels": "Yes\nNo\nYes\nYes\nNo\nYes\nNo\nNo\nYes\n" * 3,
    "numbered labels": "\n".join(f"{n}. {'Yes' if n % 3 else 'No'}" for n in range(1, 60)),
    "poem": POEM,
    "table": "| a | b |\n|---|---|\n"
    + "".join(f"| {n} | the same as it was before this row |\n" for n in range(40)),
    "code": "So:\n```python\n" + "    total = total + value(total)\n" * 40 + "```\nThat is all.",
    "open code": "```\n" + "x = the_same(thing, again)\n" * 20 + "last()",
    "multiplication": "\n".join(f"{n} x 7 = {7 * n}" for n in range(1, 40)),
    "rationale": "Anna has 3 apples. Ben has 4 apples. Anna and Ben have 3 + 4 = 7 apples. "
    "Clara has 5 apples. All three have 7 + 5 = 12 apples. They eat 2 apples. 12 - 2 = 10 "
    "apples. Each of the 10 apples costs 2 euros. So 10 apples cost 10 * 2 = 20 euros. The answer "
    "is 20.",
    "steps": "\n".join(
        f"({n}) Take {n + 3} steps: (0, {n * n}), facing the north." for n in range(1, 14)
    ),
    "short": "no no no no no no",
    "Chinese": "春天来了，花开了，鸟也回来了。夏天到了，孩子们在河里游泳。"
    "秋天叶子黄了，农民收割庄稼。冬天下雪，一家人围着火炉讲故事。四季轮回，年年如此，可是每一年又都不一样，因为我们自己在慢慢变老。",
    "": "",
}
SENTENCE = "Then the old man walked to the other side of the river and back. "


@pytest.mark.parametrize("kind", GOOD)
def test_good_texts_are_left_alone(kind: str) -> None:
    found = repetition_of(GOOD[kind])
    assert (found.reason, found.score <= 1) == ("", True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Well. " + SENTENCE * 12, "loop"),
        ("答案是四。" + "我真的不知道，" * 40, "loop"),
        ("ตอบ" + "ฉันไม่รู้" * 60, "loop"),
        (f"{SENTENCE}\n" * 6 + "The end came as a surprise to everyone.", "repeated_lines"),
        ("He went home.\nShe wept.\n\n" * 3 + "And so it went on.", "repeated_paragraphs"),
        (
            "".join(f"{n}. Click on the button called Document Content. " for n in range(1, 40))
            + "Done.",
            "repeated_ngrams",
        ),
        (
            "".join(f"第{n}步，打开文件然后点击确定按钮再关闭窗口。" for n in "一二三四五六七八九"),
            "repeated_ngrams",
        ),
    ],
)
def test_circles_are_refused(text: str, reason: str) -> None:
    found = repetition_of(text)
    assert found.score > 1
    assert found.reason == reason


def slow_shares(words: list[str]) -> tuple[list[float], list[float]]:
    """The n-gram shares by counting every character's coverage."""
    total = sum(map(len, words))

    def covered(places: list[int], n: int) -> float:
        inside = {place + shift for place in places for shift in range(n)}
        return sum(len(words[place]) for place in inside) / total

    def grams(n: int) -> list[tuple[str, ...]]:
        return [tuple(words[place : place + n]) for place in range(len(words) - n + 1)]

    top = []
    for n in TOP:
        counts = Counter(grams(n))
        often = [gram for gram, times in counts.items() if times > 2]
        top.append(
            max(
                (covered([p for p, g in enumerate(grams(n)) if g == gram], n) for gram in often),
                default=0.0,
            )
        )
    again = []
    for n in AGAIN:
        seen: set[tuple[str, ...]] = set()
        places = []
        for place, gram in enumerate(grams(n)):
            if gram in seen:
                places.append(place)
            seen.add(gram)
        again.append(covered(places, n))
    return top, again


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["a", "the", "cat", "sat"]), min_size=50, max_size=90))
def test_ngram_shares_are_those_of_a_slow_count(words: list[str]) -> None:
    found = repeats(" ".join(words))
    top, again = slow_shares(words)
    assert found.top == pytest.approx(top)
    assert found.again == pytest.approx(again)


@settings(deadline=None, max_examples=30)
@given(st.text("春夏秋冬", min_size=100, max_size=160))
def test_two_chinese_characters_are_a_word(text: str) -> None:
    found = repeats(text)
    pairs = 2 * TOP[0]
    counts = Counter(text[place : place + pairs] for place in range(len(text) - pairs + 1))
    best = 0
    for gram, times in counts.items():
        if times > 2:
            inside = {
                place + shift
                for place in range(len(text) - pairs + 1)
                if text[place : place + pairs] == gram
                for shift in range(pairs)
            }
            best = max(best, len(inside))
    assert found.top[0] == pytest.approx(best / len(text))


def test_line_and_paragraph_shares_by_hand() -> None:
    long = "a line of twenty-six signs"
    found = repeats(f"{long}\n{long}\n\n{long}\nYes\nYes")
    # Five lines that are not empty, two of them there before; 26 * 3 + 3 * 2 characters.
    assert found.lines == pytest.approx(2 / 5)
    assert found.line_characters == pytest.approx(2 * 26 / (3 * 26 + 2 * 3))
    paragraphs = repeats(f"{long}\n\n{long}\n\nother")
    assert paragraphs.paragraphs == pytest.approx(1 / 3)
    assert paragraphs.paragraph_characters == pytest.approx(26 / (2 * 26 + 5))


def test_short_texts_have_no_ngram_shares() -> None:
    words = ["the", "cat", "sat", "on", "it"] * 9
    assert repeats(" ".join(words)).again == (0.0,) * len(AGAIN)
    assert repeats(" ".join(words * 2)).again[0] > 0.5


def test_the_score_is_the_share_over_its_limit() -> None:
    text = (
        f"{SENTENCE}\n" * 3 + "One more line that is long enough.\nAnd another line, longer still."
    )
    found = repetition_of(text)
    shares = found.shares
    limits = LIMITS["completions"]
    assert set(shares) == set(limits)
    assert found.score == pytest.approx(max(shares[name] / limits[name] for name in limits))
    loop = repetition_of(SENTENCE * 20)
    assert loop.score == pytest.approx(1 + loop.loop) == pytest.approx(2)


def test_gophers_limits_are_the_papers() -> None:
    # Rae et al. 2021, table A1.
    assert list(LIMITS["gopher"].values()) == [
        0.3, 0.2, 0.3, 0.2, 0.2, 0.18, 0.16, 0.15, 0.14, 0.13, 0.12, 0.11, 0.1
    ]  # fmt: skip


def test_the_filter_gives_reasons_and_scores_in_order() -> None:
    texts = [SENTENCE * 20, "Paris.", POEM]
    rows = [Record((user("?"),), text, Provenance("t", index=n)) for n, text in enumerate(texts)]
    verdicts = RepetitionFilter().judge(rows)
    assert [v.record for v in verdicts] == [r.id for r in rows]
    assert [v.reason for v in verdicts] == ["loop", "", ""]
    assert [v.keep for v in verdicts] == [False, True, True]
    assert verdicts[1].score == 0
    assert verdicts[2].score == pytest.approx(repetition_of(POEM).score, abs=1e-4)
    assert isinstance(RepetitionFilter(), Filter)
    assert RepetitionFilter.stateless


def test_options_move_the_limit_and_the_side() -> None:
    poem = Record((user("?"),), POEM, Provenance("t"))
    asked = Record((user(SENTENCE * 20),), "Paris.", Provenance("t"))
    assert RepetitionFilter(most=0.5).judge([poem])[0].reason == "repeated_lines"
    assert not RepetitionFilter(rules="gopher").judge([poem])[0].keep
    assert RepetitionFilter().judge([poem])[0].keep
    assert RepetitionFilter().judge([asked])[0].keep
    assert RepetitionFilter(on="prompt").judge([asked])[0].reason == "loop"
    assert RepetitionFilter(on="pair").judge([asked])[0].reason == "loop"
    assert RepetitionFilter(on="pair").judge([poem])[0].keep


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=300))
def test_any_text_whatever_has_shares_up_to_one(text: str) -> None:
    found = repetition_of(text)
    assert all(0 <= share <= 1 for share in found.shares.values())


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["a", "a ", "\n", "哈", "```\n", "|\n", "a\n\n", "1 2 "])
def test_a_very_long_text_takes_no_long_time(piece: str) -> None:
    repetition_of(piece * (10**7 // len(piece)))
