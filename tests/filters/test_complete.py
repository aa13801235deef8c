"""Record filter `complete`: what is refused, and above all what must be kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.filters.complete import Complete, is_cut_open, is_refusal
from limbeck.protocols import Filter
from limbeck.record import Provenance, Record, user

REFUSALS = [
    "I'm sorry, but I can't help with that.",
    "I’m sorry, but I can’t help with that.",
    "I'm sorry, I cannot assist you with this request.",
    "I am sorry, but I am unable to provide medical advice.",
    "I'm really sorry, but I'm not able to help with that.",
    "Sorry, I can't do that.",
    "Sorry, but I cannot comply with that request.",
    "We're sorry, but we cannot help with this.",
    "Unfortunately, I cannot provide that information.",
    "I apologize, but I cannot fulfill this request.",
    "My apologies, but I won't write that.",
    "I'm afraid I can't answer that.",
    "I can't help with that.",
    "I can't assist with that request.",
    "I cannot help you.",
    "I will not help with this.",
    "I'm unable to assist with that.",
    "I am not able to provide instructions for that.",
    "I cannot provide instructions for making weapons.",
    "I cannot in good conscience provide this information.",
    "I can't comply.",
    "I must decline.",
    "I must respectfully decline this request.",
    "I have to decline to answer.",
    "As an AI language model, I cannot give legal advice.",
    "As an AI, I don't have personal opinions.",
    "As a large language model, I do not have feelings.",
    "Sorry, as an AI model, I can't express opinions.",
    "Sorry, I can't see images.",
    "  \n\"I'm sorry, but I can't help with that.\"",
    "Hello! I'm sorry, but I can't assist with that.",
    "**I'm sorry, but I can't help with that.**",
    "I'M SORRY, BUT I CAN'T HELP WITH THAT.",
    # Chinese, Japanese, Korean
    "抱歉，我无法提供这方面的信息。",
    "很抱歉，我不能帮助您完成这个请求。",
    "对不起，我无法回答这个问题。",
    "對不起，我無法提供協助。",
    "作为一个AI语言模型，我无法提供医疗建议。",
    "我无法协助您完成此请求。",
    "申し訳ありませんが、そのご要望にはお応えできません。",
    "申し訳ございませんが、お手伝いできません。",
    "죄송합니다. 해당 요청은 도와드릴 수 없습니다.",
    # French, German, Spanish, Portuguese, Italian
    "Je suis désolé, mais je ne peux pas vous aider.",
    "Désolée, je ne peux pas répondre à cette question.",
    "Es tut mir leid, aber ich kann dabei nicht helfen.",
    "Tut mir leid, ich darf diese Frage nicht beantworten.",
    "Ich kann Ihnen dabei leider nicht helfen.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "Lo siento, como modelo de lenguaje no tengo opiniones.",
    "Desculpe, mas não posso ajudar com isso.",
    "Sinto muito, não posso fornecer essa informação.",
    "Mi dispiace, ma non posso aiutarti.",
    # Russian, Arabic
    "К сожалению, я не могу помочь с этим запросом.",
    "Извините, но я не могу ответить на этот вопрос.",
    "عذرًا، لا أستطيع المساعدة في ذلك.",
    "آسف، لا يمكنني تقديم هذه المعلومات.",
]

ANSWERS = [
    "I'm sorry to hear that your cat has died. Give it time.",
    "I am sorry for your loss; grief takes time.",
    "I'm sorry I could not write sooner, but the harvest kept us busy.",
    "I'm sorry you feel that way. Talk to your friend first.",
    "I cannot help but admire this painting and the person who made it.",
    "I can't help but smile when you sing.",
    "I can't help laughing at this story; it is so well told.",
    "I can't help thinking about it.",
    "I couldn't help noticing that you asked for two examples.",
    "Sorry is a word that repairs more than it costs.",
    "Sorry we missed you! The parcel is at the post office.",
    "Sorry, I can't come to your party on Saturday, but I hope you have fun.",
    "Unfortunately, the war began in 1914.",
    "Unfortunately, we cannot offer a refund after thirty days.",
    "Unfortunately, I will not be able to attend the meeting on Friday.",
    "Unfortunately, I can't see the sea from my window.",
    "Cannot is one word; can not is rare.",
    "I will not support this war, said the senator.",
    '"I will not do my homework," said Tom.',
    "I must decline your kind invitation, because I am away that week.",
    "I'll pass on your message to the teacher.",
    "As an assistant manager, I can't approve it alone; ask the director.",
    "As an air traffic controller, I cannot look away for a second.",
    "As a rule, I cannot sleep before midnight.",
    "Paris is the capital of France. I'm sorry, but I can't help with more.",
    "The model said: I'm sorry, but I can't help with that.",
    'A refusal such as "I can\'t help with that" is polite.',
    "An apology begins with I'm sorry.",
    "To apologise, write: I am sorry that I was late.",
    "We are unable to see ultraviolet light, bees can.",
    "I",
    "42",
    "No.",
    "-",
    "🙂",
    "👩‍👩‍👧‍👦",
    # Chinese, Japanese, Korean
    "抱歉的意思是道歉。",
    "抱歉，让你久等了。",
    "对不起，我不能没有你。",
    "很抱歉听到这个消息。",
    "人不能没有空气。",
    "无法提供的服务包括以下几项。",
    "申し訳ありませんという言葉は謝罪に使います。",
    "죄송합니다는 사과할 때 쓰는 말입니다.",
    # Europe
    "Désolé est un adjectif.",
    "Désolé, je ne peux pas venir samedi.",
    "Es tut mir leid, dass dein Hund gestorben ist.",
    "Es tut mir leid, ich kann am Samstag nicht kommen.",
    "Lo siento, no puedo ir a tu fiesta.",
    "Lo siento mucho por tu pérdida.",
    "Sinto muito pela sua perda.",
    "Mi dispiace per la tua perdita.",
    "К сожалению, война началась в 1914 году.",
    "Извините за опоздание.",
    "عذرًا على التأخير.",
    "باريس هي عاصمة فرنسا.",
    "Élève, café, naïve: trois mots accentués.",
]

CHARACTERS = st.characters(codec=None)


def row(text: str, **meta: Any) -> Record:
    return Record((user("?"),), text, Provenance("test"), meta=meta)


def reason(text: str, **meta: Any) -> str:
    (verdict,) = Complete().judge([row(text, **meta)])
    assert verdict.keep == (verdict.reason == "")
    assert verdict.score == float(verdict.keep)
    return verdict.reason


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_refused(text: str) -> None:
    assert is_refusal(text)
    assert reason(text) == "refused"


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_that_looks_like_a_refusal_is_kept(text: str) -> None:
    assert not is_refusal(text)
    assert reason(text, finish_reason="stop") == ""


@pytest.mark.parametrize("text", ["", " ", "\n\t \r\n", "\u3000", "\u200b", "\ufeff\u200d", "\x00"])
def test_what_a_reader_cannot_see_is_empty(text: str) -> None:
    assert reason(text) == "empty"


@pytest.mark.parametrize("finish", ["length", "max_tokens"])
def test_an_answer_at_the_token_limit_is_truncated_even_when_it_looks_whole(finish: str) -> None:
    assert reason("Paris is the capital of France.", finish_reason=finish) == "truncated"


@pytest.mark.parametrize("finish", ["content_filter", "refusal"])
def test_what_the_teachers_own_filter_stopped_is_refused(finish: str) -> None:
    assert reason("Paris", finish_reason=finish) == "refused"


@pytest.mark.parametrize(
    "text",
    [
        "Here:\n```python\nprint(1)\n",
        "~~~\ncode",
        "1. One\n   ```\n   x\n   ```\n2. Two\n   ```\n   y",
        "<think>Let me see",
        "<think>a</think><think>b",
    ],
)
def test_what_was_opened_and_not_closed_is_truncated(text: str) -> None:
    assert is_cut_open(text)
    assert reason(text) == "truncated"


@pytest.mark.parametrize(
    "text",
    [
        "```\nx\n```",
        "Use ``` to open a fence.",
        "`code` and ``more``",
        "<think>a</think>Paris",
        "a</think>",
        "Inline ```x``` stays.",
    ],
)
def test_closed_or_inline_marks_are_no_truncation(text: str) -> None:
    assert not is_cut_open(text)


def test_verdicts_come_one_each_in_order() -> None:
    rows = [row("a"), row(""), row("I can't help with that."), row("b", finish_reason="length")]
    verdicts = Complete().judge(rows)
    assert [v.record for v in verdicts] == [r.id for r in rows]
    assert [v.reason for v in verdicts] == ["", "empty", "refused", "truncated"]
    assert {v.filter for v in verdicts} == {"complete"}
    assert isinstance(Complete(), Filter)


def test_an_empty_batch_gives_no_verdict() -> None:
    assert Complete().judge([]) == []


@given(st.text(CHARACTERS, max_size=200))
def test_any_text_whatever_gets_a_verdict(text: str) -> None:
    assert reason(text) in ("", "empty", "refused", "truncated")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "sorry " * 20_000,
        "I can't " + "to " * 50_000,
        " " * 100_000,
        "as an ai " + "x" * 100_000,
        "thank you" + " " * 100_000,
        "```\n" * 50_001,
    ],
)
def test_a_long_text_does_not_make_the_patterns_run_away(text: str) -> None:
    assert reason(text) in ("", "empty", "truncated")
