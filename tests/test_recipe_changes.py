"""`--set`: keys changed, checked as a whole, nothing else touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.errors import RecipeError
from limbeck.recipe import FilterStep, Recipe
from limbeck.recipe_changes import changed

TEXT = """
name: r
seeds: seeds.jsonl
teacher: bundled
generate: {generator: answers, paths: 2}
filters:
  - complete
  - paths: {at_most: 4}
student: bundled
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return Recipe.parse(TEXT, folder=tmp_path)


def test_a_key_by_its_dots(recipe: Recipe, tmp_path: Path) -> None:
    made = changed(recipe, ["train.epochs=2", "generate.paths=8", "name=größer"], tmp_path)
    assert (made.train.epochs, made.generate.options["paths"], made.name) == (2, 8, "größer")
    assert made.seeds == recipe.seeds
    assert made.filters == recipe.filters


def test_the_last_change_of_a_key_holds(recipe: Recipe, tmp_path: Path) -> None:
    assert changed(recipe, ["seed=1", "seed=2"], tmp_path).seed == 2


def test_a_key_of_a_section_that_was_given_as_a_text(recipe: Recipe, tmp_path: Path) -> None:
    changes = ["teacher=fake:other", "teacher.batch_size=7", "generate=given", "seeds=other.jsonl"]
    made = changed(
        recipe, [*changes, "seeds.limit=3", "student=fake:s", "student.layers=2"], tmp_path
    )
    assert (made.teacher.model, made.teacher.batch_size) == ("fake:other", 7)
    assert (made.seeds.path, made.seeds.limit) == (tmp_path / "other.jsonl", 3)
    assert (made.need_student().model, made.need_student().layers) == ("fake:s", 2)
    assert made.generate.generator == "given"
    judge = ["eval.judge=fake:裁判", "eval.judge.attempts=2"]
    referee = ["iterate.referee=fake:r", "iterate.referee.dtype=float32"]
    tasks = ["eval.tasks=[items.jsonl]", "eval.style={prompts: p.jsonl}"]
    made = changed(recipe, [*tasks, *judge, *referee], tmp_path)
    assert made.eval.judge is not None
    assert (made.eval.judge.model, made.eval.judge.attempts) == ("fake:裁判", 2)
    assert made.iterate is not None
    assert made.iterate.referee is not None
    assert (made.iterate.referee.model, made.iterate.referee.dtype) == ("fake:r", "float32")
    with pytest.raises(RecipeError, match=r"below a value that has no keys"):
        changed(recipe, ["name=x", "name.first=y"], tmp_path)


def test_a_filters_option_by_its_name(recipe: Recipe, tmp_path: Path) -> None:
    made = changed(recipe, ["filters.paths.at_most=1"], tmp_path)
    assert made.filters == (
        FilterStep(name="complete"),
        FilterStep(name="paths", options={"at_most": 1}),
    )


def test_a_filters_name_alone_begins_the_key(recipe: Recipe, tmp_path: Path) -> None:
    made = changed(recipe, ["paths.at_most=1", "paths.similar=0.8"], tmp_path)
    assert made.filters[1].options == {"at_most": 1, "similar": 0.8}
    sets = ["filters=[exact, {paths: {at_most: 3}}]", "exact.on=prompt", "paths.at_most=2"]
    made = changed(recipe, sets, tmp_path)
    assert made.filters == (
        FilterStep(name="exact", options={"on": "prompt"}),
        FilterStep(name="paths", options={"at_most": 2}),
    )


def test_the_value_is_yaml(recipe: Recipe, tmp_path: Path) -> None:
    made = changed(recipe, ["filters=[complete, {answer: {keep: answered}}]"], tmp_path)
    assert [step.name for step in made.filters] == ["complete", "answer"]
    assert made.filters[1].options == {"keep": "answered"}
    assert changed(recipe, ["seeds.limit=null"], tmp_path).seeds.limit is None
    assert changed(recipe, ["generate.system=a=b"], tmp_path).generate.options["system"] == "a=b"


def test_a_section_that_is_not_there_begins(recipe: Recipe, tmp_path: Path) -> None:
    sets = ["teacher.price.input=1", "teacher.price.output=2", "budget.usd=3"]
    assert changed(recipe, sets, tmp_path).budget.usd == 3


def test_paths_are_taken_from_where_one_stands(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    model = tmp_path / "here" / "大.gguf"
    model.write_bytes(b"")
    made = changed(recipe, ["teacher=gguf:大.gguf", "seeds.path=x.jsonl"], tmp_path / "here")
    assert made.teacher.model == f"gguf:{model}"
    assert made.seeds.path == tmp_path / "here" / "x.jsonl"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("sk-geheim", "such as train.epochs=2, and --set number 1 has no ="),
        (" =geheim", "and --set number 1 has no key before the ="),
        ("eval.tasks.0=x", "--set eval.tasks.0: eval.tasks is a list, which is given whole"),
        ("eval.tasks.a.b=x", "eval.tasks is a list, which is given whole: --set eval.tasks=[...]"),
        (
            "train.epoch=2",
            "with --set train.epoch: unknown key 'train.epoch'; did you mean 'epochs'",
        ),
        ("train.epochs=0", "train.epochs: Input should be greater than or equal to 1, got 0"),
        ("train.epochs=[", "--set train.epochs, line 1: not YAML"),
        (
            "filters.minhash.x=1",
            "the recipe's filters are complete, paths; say filters.NAME.OPTION",
        ),
        ("filters.paths=1", "say filters.NAME.OPTION"),
        (
            "minhsah=geheim",
            "unknown key 'minhsah', no section of a recipe and none of its filters; known",
        ),
        ("compleet.x=1", "and none of its filters; did you mean 'complete'?"),
        ("trian.epochs=1", "did you mean 'train'?"),
        ("exact.on=prompt", "but the recipe's filters are complete, paths. To add it: "),
        ("exact.on=prompt", "--set 'filters=[complete, paths, exact]'"),
        ("paths=1", "say filters.NAME.OPTION"),
        ("filters.2.at_most=1", "say filters.NAME.OPTION"),
        ("seed.x=1", "--set seed.x: 'x' is below a value that has no keys"),
        ("filters.paths.at_mots=1", "at_mots"),
        ("teacher.extra.api_key=geheim", "a recipe holds no keys"),
        ("teacher.base_url=http://u:geheim@h/v1", "must not hold a user, a password"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_shows_no_secret(
    recipe: Recipe, tmp_path: Path, change: str, words: str
) -> None:
    with pytest.raises(RecipeError) as error:
        changed(recipe, [change], tmp_path)
    assert words in str(error.value)
    assert "geheim" not in str(error.value)


def test_a_filter_that_stands_twice_is_not_changed_by_its_name(tmp_path: Path) -> None:
    text = TEXT.replace("  - complete\n", "  - paths: {at_most: 9}\n")
    recipe = Recipe.parse(text, folder=tmp_path)
    for key in ("filters.paths.at_most", "paths.at_most"):
        with pytest.raises(RecipeError) as error:
            changed(recipe, [f"{key}=1"], tmp_path)
        assert str(error.value) == (
            f"--set {key}: the recipe's filters are paths, paths; say filters.0.at_most or "
            "filters.1.at_most, or filters=[...] for all"
        )
    made = changed(recipe, ["filters.1.at_most=1"], tmp_path)
    assert [step.options for step in made.filters] == [{"at_most": 9}, {"at_most": 1}]
