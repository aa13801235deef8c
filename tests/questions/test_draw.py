"""Drawing: deterministic, prefix-stable, without duplicates; splits share no template."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from limbeck.errors import UserError
from limbeck.questions import SETS, Question, demos, make_questions, masked, masked_overlap
from limbeck.questions.affixes import asked
from limbeck.questions.assign import assigned
from limbeck.questions.masking import context
from limbeck.questions.question import Made, QuestionSet, Template
from limbeck.seeds import read_seeds
from limbeck.store import write_jsonl
from limbeck.text import folded

NAMES = ("dates", "simple_dates", "arithmetic", "last_letters", "coin_flip", "shuffled_objects")


def test_the_sets_are_these() -> None:
    assert tuple(SETS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_fewer_are_the_first_of_more_and_all_differ(name: str) -> None:
    more = make_questions(name, 500, seed=7, split="train")
    assert make_questions(name, 100, seed=7, split="train") == more[:100]
    assert len({folded(question.prompt) for question in more}) == 500
    assert len({question.id for question in more}) == 500
    assert make_questions(name, 100, seed=8) != more[:100]


def test_other_processes_with_other_hash_seeds_draw_the_same() -> None:
    code = (
        "from limbeck.questions import make_questions, SETS; "
        "print([q.id for name in SETS for q in make_questions(name, 20, split='all')])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


@pytest.mark.parametrize("name", NAMES)
def test_no_masked_question_nor_context_of_one_split_is_in_another(name: str) -> None:
    splits = ("train", "valid", "test")
    made = {split: make_questions(name, 1000, split=split) for split in splits}
    templates = {split: {q.template for q in made[split]} for split in splits}
    masks = {split: {masked(q.prompt) for q in made[split]} for split in splits}
    contexts = {split: {masked(context(q.prompt)) for q in made[split]} - {""} for split in splits}
    for one, two in (("train", "test"), ("train", "valid"), ("valid", "test")):
        assert templates[one].isdisjoint(templates[two])
        assert masks[one].isdisjoint(masks[two])
        assert contexts[one].isdisjoint(contexts[two])
        texts = [[q.prompt for q in made[split]] for split in (one, two)]
        found = masked_overlap(*texts)
        assert (found.shared, found.context) == ((), ())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_question_is_taken_for_an_affix_and_its_options_are_found(name: str) -> None:
    for question in make_questions(name, 200, split="all"):
        found = asked(question.prompt)
        assert found.options == question.options
        assert found.question == question.prompt.split("\nOptions:\n")[0]


@pytest.mark.parametrize("name", ["dates", "simple_dates", "arithmetic"])
def test_not_even_a_masked_sentence_of_the_test_is_in_train(name: str) -> None:
    found = {}
    for split in ("train", "test"):
        prompts = [q.prompt for q in make_questions(name, 2000, split=split)]
        found[split] = {
            masked(sentence)
            for prompt in prompts
            for sentence in re.split(r"(?<=[.?;]) ", prompt)
            if len(sentence.split()) > 2
        }
    assert found["train"].isdisjoint(found["test"])


@pytest.mark.parametrize("name", NAMES)
def test_every_template_has_a_split_and_every_split_templates(name: str) -> None:
    splits = assigned(SETS[name])
    assert set(splits) == {template.id for template in SETS[name].templates}
    assert min(Counter(splits.values()).values()) >= 2
    assert set(splits.values()) == {"train", "valid", "test"}


@pytest.mark.parametrize(
    ("name", "held_out"),
    [
        ("dates", {"misread", "written"}),
        ("simple_dates", set()),
        ("arithmetic", {"compare", "give_away"}),
    ],
)
def test_some_families_are_for_the_test_alone(name: str, held_out: set[str]) -> None:
    """Pinned: a change would put templates that models were trained on into the test."""
    splits = assigned(SETS[name])
    families: dict[str, set[str]] = {}
    for template in SETS[name].templates:
        families.setdefault(template.family, set()).add(splits[template.id])
    assert {family for family, where in families.items() if where == {"test"}} == held_out
    for family in set(families) - held_out:
        assert families[family] == {"train", "valid", "test"}


@pytest.mark.parametrize("name", ["dates", "arithmetic"])
def test_there_are_at_least_forty_templates(name: str) -> None:
    assert len(SETS[name].templates) >= 40
    assert len({template.family for template in SETS[name].templates}) >= 8


def test_all_is_every_split() -> None:
    made = make_questions("dates", 101, split="all")
    assert {question.template for question in made} == {t.id for t in SETS["dates"].templates}
    splits = assigned(SETS["dates"])
    assert all(question.split == splits[question.template] for question in made)


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_seeds(name: str, tmp_path: Path) -> None:
    made = make_questions(name, 30)
    write_jsonl(tmp_path / "问题.jsonl", [question.row() for question in made])
    seeds = read_seeds(tmp_path / "问题.jsonl")
    assert [seed.prompt for seed in seeds] == [question.prompt for question in made]
    assert [seed.target for seed in seeds] == [question.target for question in made]
    assert {seed.meta["task"] for seed in seeds} == {name}
    assert [seed.provenance.parents for seed in seeds] == [(q.id,) for q in made]


def test_a_row_has_a_solution_only_when_asked() -> None:
    question = make_questions("shuffled_objects", 1)[0]
    assert "solution" not in question.row()
    row = question.row(solution=True)
    assert row["solution"] == question.solution
    assert row["options"] == list(question.options)
    assert row["kind"] == "choice"
    assert "options" not in make_questions("dates", 1)[0].row()


def small() -> QuestionSet:
    """Three questions in all: two from one template, one from another."""

    def make(texts: tuple[str, ...]) -> Template:
        return Template(
            f"small/all/{texts[0]}", "all", lambda rng, _: Made(rng.choice(texts), "1", "")
        )

    templates = tuple(make(texts) for texts in (("a", "A ", "b"), ("c",), ("d",), ("e",)))
    return QuestionSet("small", "", "text", templates)


def test_more_than_there_are_is_a_sentence_with_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SETS, "small", small())
    assert sorted(q.prompt.strip().lower() for q in make_questions("small", 5, split="all")) == [
        *("a", "b", "c", "d", "e")
    ]
    with pytest.raises(UserError, match=r"has only 5 different ones .* Ask for at most 5"):
        make_questions("small", 6, split="all")


@pytest.mark.parametrize(
    ("name", "n", "split", "said"),
    [
        ("date", 1, "all", "no question set 'date'. There are: dates, simple_dates, arithmetic"),
        ("dates", 0, "all", "at least 1, got 0"),
        ("dates", 1, "dev", "train, valid, test or all, got 'dev'"),
    ],
)
def test_what_cannot_be_drawn_is_a_sentence(name: str, n: int, split: str, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        make_questions(name, n, split=split)


@pytest.mark.parametrize("name", NAMES)
def test_demos_are_worked_and_from_train_templates(name: str) -> None:
    splits = assigned(SETS[name])
    shown = demos(name, 8)
    train = [name for name, split in splits.items() if split == "train"]
    assert len({question.template for question in shown}) == min(8, len(train))
    for question in shown:
        assert splits[question.template] == "train"
        assert question.solution.endswith(f"So the answer is {question.target}.")
    assert demos(name, 3) == shown[:3]
    assert demos(name, 3, seed=1) != shown[:3]


def test_demos_of_reasoning_gym_are_a_sentence() -> None:
    with pytest.raises(UserError, match=r"reasoning_gym:x has no worked solutions.* for: dates, "):
        demos("reasoning_gym:x", 2)


def test_demos_come_from_as_many_families_as_there_are() -> None:
    families = {question.family for question in demos("arithmetic", 13)}
    assert len(families) == 13


def test_ids_follow_from_set_and_prompt() -> None:
    question = make_questions("coin_flip", 1)[0]
    same = Question(
        prompt=question.prompt, target="?", solution="", kind="yesno", task="coin_flip",
        family="", template="", split="",
    )  # fmt: skip
    assert same.id == question.id
