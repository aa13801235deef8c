"""Who is taken in, beside the rules of self_instruct."""

from __future__ import annotations

from limbeck.filters.rouge import RougePool
from limbeck.generators.adversarial.written import Written, never
from limbeck.record import Provenance, Record
from limbeck.seeds import seeds_of
from limbeck.testing import Collected

MADE = Provenance("adversarial", request="key")
BALLOONS = "🎈 🎉 🎈 🎉 🎊"  # no word to ROUGE


def written(*texts: str) -> tuple[Written, Collected]:
    known: list[Record] = [seed for text in texts for seed in seeds_of({"prompt": text})]
    out = Collected()
    return Written(known, 0.7, RougePool, never, out), out


def test_the_same_without_words_is_taken_once_and_not_if_it_is_known() -> None:
    new, out = written("Name three rivers of Asia.")
    assert new.take(BALLOONS, MADE) is not None
    assert new.take(BALLOONS, MADE) is None
    assert out.drafts[-1][1].reason == f"repeated: {out.records[0].id}"
    new, out = written(BALLOONS)
    assert new.take(BALLOONS, MADE) is None
    assert out.records == []


def test_half_a_character_is_refused_and_can_be_written_down() -> None:
    new, out = written()
    assert new.take("Name three rivers \ud83c of Asia.", MADE) is None
    [(draft, verdict)] = out.drafts
    assert verdict.reason == "half_character: U+D83C"
    assert draft.prompt == "Name three rivers \ufffd of Asia."
    draft.prompt.encode()


def test_the_length_of_a_prompt_with_its_text_is_allowed_and_no_more() -> None:
    new, out = written()
    assert new.take(" ".join(f"word{n}" for n in range(1000)), MADE) is not None
    assert new.take(" ".join(f"other{n}" for n in range(1001)), MADE) is None
    assert out.drafts[-1][1].reason == "too_long"


def test_every_user_turn_of_a_chat_is_known() -> None:
    turns = ["Name three rivers of Asia.", "And which lakes lie in Africa?"]
    [chat] = seeds_of(
        {"messages": [
            {"role": "user", "content": turns[0]},
            {"role": "assistant", "content": "Which seas wash the coast of Europe?"},
            {"role": "user", "content": turns[1]},
        ]}
    )  # fmt: skip
    out = Collected()
    new = Written([chat], 0.7, RougePool, never, out)
    assert [new.take(turn, MADE) for turn in turns] == [None, None]
    assert new.take("Which seas wash the coast of Europe?", MADE) is not None
    assert [verdict.nearest for _, verdict in out.drafts[:2]] == [chat.id, chat.id]


def test_the_guard_is_asked_only_of_what_it_can_read() -> None:
    out, asked = Collected(), []

    def refuse(text: str) -> str | None:
        asked.append(text)
        return "held" if "Asia" in text else None

    new = Written([], 0.7, RougePool, refuse, out)
    assert new.take("Name three rivers \ud83c here.", MADE) is None
    assert new.take("Name three rivers of Asia.", MADE) is None
    assert new.take("Name three rivers of Africa.", MADE) is not None
    assert asked == ["Name three rivers of Asia.", "Name three rivers of Africa."]
    assert [verdict.keep for _, verdict in out.drafts] == [False, False, True]
