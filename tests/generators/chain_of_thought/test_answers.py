"""chain_of_thought with the real verifier: two calls, cut off answers, options, earlier turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from limbeck.filters import answer
from limbeck.filters.answer import Answer, Consistent
from limbeck.filters.paths import Paths
from limbeck.filters.vote import Vote
from limbeck.protocols import Reply, Request
from limbeck.record import Message, Provenance, Record, user
from limbeck.testing import Collected
from tests.generators.chain_of_thought.solver import Clerk, Solver, questions, run


def said(first: str | Reply, second: str | Reply, given: list[Record], **options: Any) -> Collected:
    """A run in which every first call says `first` and every second one `second`."""

    def says(request: Request) -> Reply:
        text = second if request.max_tokens == 32 else first
        return text if isinstance(text, Reply) else Reply(text)

    return run(Solver(first=says), given, **{"paths": 1, "verifier": answer, **options})


def kept(judge: Answer | Consistent, record: Record) -> bool:
    return judge.judge([record])[0].keep


@pytest.mark.parametrize(
    ("kind", "target", "first", "second"),
    [
        ("number", "7", "We add both. The answer is 5.", "7"),
        ("number", "7", "We add both.\nAnswer: 5", "The answer is 7."),
        ("date", "05/06/2020", "We count days.\nAnswer: 05/07/2020", "05/06/2020"),
        ("text", "Paris", "We look. So the answer is Rome.", "Paris"),
        ("choice", "A", "We look. So the answer is the blue ball.", "A"),
    ],
)
@pytest.mark.parametrize("form", ["chat", "base"])
def test_calls_that_contradict_each_other_are_seen_and_not_both_taught(
    form: str, kind: str, target: str, first: str, second: str
) -> None:
    given = questions(1, target, kind=kind, options=["red ball", "blue ball"])
    [row] = said(first, second, given, calls="two", form=form).records
    assert row.meta["check"]["status"] == "correct"
    assert kept(Answer(), row)
    assert not kept(Consistent(), row)
    wrong = first.rpartition(" ")[2].strip(".")
    assert wrong not in row.completion
    assert row.completion.endswith(f"\nTherefore, the answer is {second}")
    assert row.meta["rationale"] == first  # what the teacher said, for a filter to see


def test_calls_that_agree_are_taught_as_one() -> None:
    given = questions(1, "7", kind="number")
    [row] = said("We add both. The answer is 7.0.", " 7", given, calls="two").records
    assert row.completion == "We add both.\nTherefore, the answer is 7"
    assert row.meta["rationale"] == "We add both."
    assert kept(Consistent(), row)
    [bare] = said("The answer is 7.", "7", given, calls="two").records
    assert bare.completion == "Therefore, the answer is 7"


def test_without_a_target_a_contradiction_is_seen_too() -> None:
    given = questions(1, None, kind="number")
    [row] = said("We add both. The answer is 5.", "7", given, calls="two").records
    assert row.meta["answer"] == "7"
    assert not kept(Consistent(), row)


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_a_second_answer_that_broke_off_solves_nothing(finish: str) -> None:
    given = questions(1, "7", kind="number")
    second = Reply("The answer is 7 since we", finish)
    out = said("We add both numbers.", second, given, calls="two", paths=2, max_paths=4)
    assert len(out.records) == 4  # another round was due
    assert (out.funnel["questions solved"], out.funnel["correct"]) == (0, 0)
    for row in out.records:
        assert "check" not in row.meta
        assert "answer" not in row.meta
        assert row.meta["pass_rate"] == 0
        assert not kept(Answer(), row)


def test_a_reply_that_a_server_held_back_solves_nothing() -> None:
    reply = Reply("We add 3 and 4.\nAnswer: 7", "content_filter")
    out = said(reply, "", questions(1, "7", kind="number"))
    assert out.funnel["questions solved"] == 0
    [row] = out.records
    assert "check" not in row.meta
    assert not kept(Answer(), row)


def test_a_question_of_which_all_paths_were_cut_off_has_a_pass_rate_of_nothing() -> None:
    out = said(Reply("We add", "length"), "", questions(1, "7", kind="number"), paths=2)
    assert [row.meta["pass_rate"] for row in out.records] == [0, 0]
    verdicts = Paths(band=(0.1, 0.9)).judge(out.records)
    assert [verdict.reason for verdict in verdicts] == ["pass_rate"] * 2


def test_answers_without_a_target_vote_by_value() -> None:
    texts = ["1,200", "1200.0", "$1200", "7"]
    teacher = Solver(first=lambda request: Reply(f"We add.\nAnswer: {texts[request.index]}"))
    rows = run(teacher, questions(1, None), paths=4, verifier=answer).records
    assert {row.meta["kind"] for row in rows} == {"auto"}
    assert [verdict.keep for verdict in Vote().judge(rows)] == [True, True, True, False]


@pytest.mark.parametrize("target", ["blue ball", "B", None])
def test_a_question_with_options_has_one_of_them_for_an_answer(target: str | None) -> None:
    given = questions(1, target, options=["red ball", "blue ball"])
    [row] = said("We look.\nAnswer: (B)", "", given).records
    assert (row.meta["kind"], row.meta["answer"]) == ("choice", "B")
    assert target is None or row.meta["check"]["status"] == "correct"


def test_an_option_in_words_is_an_answer_and_checked_as_one() -> None:
    class Watching(Clerk):
        def __init__(self) -> None:
            self.seen: list[tuple[str, Sequence[str] | None]] = []

        def canonical(
            self, completion: str, kind: Any, *, options: Sequence[str] | None = None
        ) -> str | None:
            self.seen.append(("canonical", options))
            return super().canonical(completion, kind, options=options)

        def check(self, completion: str, target: str, kind: Any = "auto", **more: Any) -> Any:
            self.seen.append(("check", more["options"]))
            return super().check(completion, target, kind, options=more["options"])

    given = questions(1, "blue ball", kind="choice", options=["red ball", "blue ball"])
    watching = Watching()
    run(Solver(lambda question, index: "(B)"), given, paths=1, verifier=watching)
    options = ("red ball", "blue ball")
    assert watching.seen[:2] == [("canonical", options), ("check", options)]
    words = "We look. The answer is the blue ball."
    out = said(words, "", given)
    assert len(out.replies) == 1  # no second call: the words are an option
    assert out.records[0].meta["check"]["status"] == "correct"


def test_a_chat_teacher_is_asked_with_all_turns_before_the_question() -> None:
    turns = (
        Message("system", "Be brief."),
        user("My number is 7."),
        Message("assistant", "Good."),
        user("Double #1?"),
    )
    teacher = Solver()
    seed = Record(turns, "", Provenance("seed"), "14")
    run(teacher, [seed], paths=1, system="Not this one.")
    [(_, asked)] = teacher.asked
    assert asked.messages[:3] == turns[:3]
    assert asked.messages[3].content.startswith("Double #1?")
    teacher = Solver()
    run(teacher, [Record(turns[1:], "", Provenance("seed"), "14")], paths=1, system="This one.")
    [(_, asked)] = teacher.asked
    assert asked.messages[:3] == (Message("system", "This one."), *turns[1:3])
