"""Split files, and the rows that a split leaves: with golden counts by hand, and by another way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.errors import DataError, RecipeError
from limbeck.record import Record
from limbeck.seeds import seeds_of
from limbeck.task_split import TaskSplit, Tuning, choose, held_out, plain_input

SOURCE = Path("/d/rows.jsonl")


def split_file(folder: Path, text: str) -> Path:
    path = folder / "tasks.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def split(train: Sequence[str], target: Sequence[str]) -> TaskSplit:
    return TaskSplit(Path("/d/tasks.yaml"), tuple(train), tuple(target))


def row(task: str | None, text: str) -> Record:
    [seed] = seeds_of({"task": task, "id": text, "input": text, "output": "x"})
    return seed


def rows(*pairs: tuple[str | None, str]) -> list[Record]:
    return [row(task, text) for task, text in pairs]


def texts(found: Sequence[Record]) -> list[str]:
    return [one.prompt for one in found]


def test_a_split_file_in_any_script(tmp_path: Path) -> None:
    path = split_file(
        tmp_path,
        """\
        # Wetter, météo
        train: [天气, "été 🙂"]
        target:
          - no
          - 2024-01-31
        """,
    )
    assert TaskSplit.read(path) == TaskSplit(path, ("天气", "été 🙂"), ("no", "2024-01-31"))
    assert TaskSplit.read(path).taken("meta") == ("天气", "été 🙂")
    assert TaskSplit.read(path).taken("multitask") == ("天气", "été 🙂", "no", "2024-01-31")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("train: [a]\ntarget: [b]\ntargets: [c]", 3, "unknown key 'targets'; did you mean 'target"),
        ("train: [a]\n7: [b]", 2, "unknown key '7'; known are target, train"),
        ("train: [a]", None, "the key 'target' is missing"),
        ("target: [a]", None, "the key 'train' is missing"),
        (
            "train: []\ntarget: [b]",
            1,
            "train is a list of one task or more, such as [a, b], got []",
        ),
        (
            "train: [a]\ntarget: b",
            2,
            "target is a list of one task or more, such as [a, b], got 'b",
        ),
        (
            "train: [a]\ntarget:",
            2,
            "target is a list of one task or more, such as [a, b], got None",
        ),
        ("train: [a]\ntarget:\n  - b\n  - 3", 4, "the name of a task is text, got 3; put it into"),
        ("train: [a, ' ']\ntarget: [b]", 1, "the name of a task is text, got ' '"),
        ("train: [a]\ntarget:\n  - 天气\n  - a", 4, "the task 'a' stands under train already"),
        ("train: [a, b, a]\ntarget: [c]", 1, "the task 'a' stands under train already"),
        ("train: [a]\ntarget: [c]\ntrain: [b]", 3, "the key 'train' stands twice"),
        ("- a", None, "is empty or no mapping; a split file has train and target"),
        ("", None, "is empty or no mapping"),
        ("train: [a", 1, "not YAML"),
    ],
)
def test_a_wrong_split_file_is_a_sentence_with_its_line(
    tmp_path: Path, text: str, line: int | None, said: str
) -> None:
    path = split_file(tmp_path, text)
    with pytest.raises(RecipeError) as caught:
        TaskSplit.read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}: " if line else str(path))
    assert said in message


def test_a_split_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.yaml: No such file .*; check seeds\.split"):
        TaskSplit.read(tmp_path / "gone.yaml")
    (tmp_path / "latin.yaml").write_bytes("train: [é]".encode("latin-1"))
    with pytest.raises(DataError, match="it is not UTF-8 text"):
        TaskSplit.read(tmp_path / "latin.yaml")


ROWS = rows(
    ("mood", "m1"), ("天气", "晴天吗"), ("topic", "t1"), ("mood", "m2"), ("other", "o1"),
    ("天气", "下雨吗"), ("topic", "t2"), ("mood", "m3"), (None, "n1"), ("topic", "t3"),
    ("rest", "r1"), ("rest", "r2"),
)  # fmt: skip
HELD = split(["mood", "天气"], ["topic"])


@pytest.mark.parametrize(
    ("tuning", "each", "each_target", "expected"),
    [
        ("meta", None, None, "m1 晴天吗 m2 下雨吗 m3"),
        ("meta", 1, None, "m1 晴天吗"),
        ("multitask", None, None, "m1 晴天吗 t1 m2 下雨吗 t2 m3 t3"),
        ("multitask", 2, None, "m1 晴天吗 t1 m2 下雨吗 t2"),
        ("multitask", 1, 2, "m1 晴天吗 t1 t2"),
        ("multitask", None, 1, "m1 晴天吗 t1 m2 下雨吗 m3"),
    ],
)
def test_the_first_rows_of_each_task_in_the_order_of_the_file(
    tuning: Tuning, each: int | None, each_target: int | None, expected: str
) -> None:
    found = choose(ROWS, HELD, tuning, each=each, each_target=each_target, source=SOURCE)
    assert texts(found.rows) == expected.split()


def test_what_is_left_out_is_told_with_counts() -> None:
    told = choose(ROWS, HELD, "meta", each=1, source=SOURCE).told()
    assert told == [
        "1 target task, 3 rows held out",
        "2 tasks, 3 rows left out: tasks.yaml does not name them",
        "1 row without a task left out",
    ]
    assert choose(ROWS, HELD, "multitask", source=SOURCE).told() == told[1:]
    whole = split(["mood", "天气", "topic", "other"], ["rest"])
    assert choose(ROWS[:8] + ROWS[10:], whole, "multitask", source=SOURCE).told() == []


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (
            "mod",
            r"rows\.jsonl has no row of the task 'mod', which .*tasks\.yaml names; did you mean",
        ),
        ("zzzz", "known are mood, other, rest, topic, 天气"),
    ],
)
@pytest.mark.parametrize("tuning", ["meta", "multitask"])
def test_a_task_without_a_row_is_a_sentence_on_either_side(
    tuning: Tuning, task: str, said: str
) -> None:
    for one in (split(["mood", task], ["topic"]), split(["mood"], ["topic", task])):
        with pytest.raises(DataError, match=said):
            choose(ROWS, one, tuning, source=SOURCE)


def test_rows_that_name_no_task_are_a_sentence() -> None:
    with pytest.raises(DataError, match="its rows name no task"):
        choose(rows((None, "a")), HELD, "meta", source=SOURCE)


LEAKY = rows(
    ("mood", "The  TRAIN is late!"), ("mood", "Free coffee"), ("topic", "the train is late"),
    ("天气", "Ｆｒｅｅ　coffee"), ("天气", "今天下雨吗"), ("topic", "今天下雨吗？"),
    ("天气", "明天呢"),
)  # fmt: skip


def test_a_row_with_the_input_of_a_held_out_one_is_left_out_and_counted() -> None:
    """Equal but for case, width, spacing and punctuation; equal rows of train tasks are none."""
    meta = choose(LEAKY, HELD, "meta", source=SOURCE)
    assert texts(meta.rows) == ["Free coffee", "Ｆｒｅｅ　coffee", "明天呢"]
    assert meta.told()[-1] == "2 rows left out: the input is that of a target task's row"
    both = choose(LEAKY, HELD, "multitask", source=SOURCE)
    assert texts(both.rows) == texts(LEAKY)


def test_the_next_row_takes_the_place_of_one_that_leaks() -> None:
    meta = choose(LEAKY, HELD, "meta", each=1, source=SOURCE)
    assert texts(meta.rows) == ["Free coffee", "Ｆｒｅｅ　coffee"]
    assert meta.leaked == 1  # what stands behind the rows that are taken is not looked at


def test_a_train_task_that_is_a_target_task_by_another_name_is_a_sentence() -> None:
    twins = rows(("glue-rte", "A? B"), ("super-rte", "a, b"), ("mood", "m"))
    with pytest.raises(DataError, match=r"every row of the train task 'super-rte' in .* has the"):
        choose(twins, split(["mood", "super-rte"], ["glue-rte"]), "meta", source=SOURCE)


def test_the_input_counts_and_not_the_instruction_around_it() -> None:
    [told] = seeds_of(
        {"task": "a", "instruction": "Say the mood.", "input": "It rains.", "output": ""}
    )
    [bare] = seeds_of({"task": "b", "prompt": "It rains"})
    assert plain_input(told) == plain_input(bare) == "it rains"
    assert held_out([told, bare], split(["a"], ["b"])) == {"it rains"}


TASKS = ("a", "天", "é", "target", "")
MANY = st.lists(st.tuples(st.sampled_from(TASKS), st.sampled_from("uvwxyz")), unique=True)


@given(MANY, st.none() | st.integers(1, 3), st.none() | st.integers(1, 3))
def test_a_choice_is_a_part_of_the_file_in_its_order(
    pairs: list[tuple[str, str]], each: int | None, each_target: int | None
) -> None:
    given_rows = [*rows(("a", "1"), ("天", "2"), ("target", "3")), *rows(*pairs)]
    one = split(["a", "天"], ["target"])
    hidden = {r.prompt for r in given_rows if r.meta["task"] == "target"}
    for tuning in ("meta", "multitask"):
        found = choose(given_rows, one, tuning, each=each, each_target=each_target, source=SOURCE)
        expected: list[Record] = []
        for task, most in (("a", each), ("天", each), ("target", each_target or each)):
            if tuning == "meta" and task == "target":
                continue
            own = [r for r in given_rows if r.meta["task"] == task]
            if tuning == "meta":
                own = [r for r in own if r.prompt not in hidden]
            expected += own[:most]
        assert sorted(r.id for r in found.rows) == sorted(r.id for r in expected)
        places = [given_rows.index(r) for r in found.rows]
        assert places == sorted(places)
