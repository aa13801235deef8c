"""Recipes: a mistake is named with its key, its line and the nearest valid key; no secret shows."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml

from limbeck.errors import RecipeError
from limbeck.recipe import Recipe, TeacherSection

SECRET = "sk-hunter2-swordfish"
BASE: dict[str, Any] = {
    "name": "x",
    "seeds": "seeds.jsonl",
    "teacher": "fake:t",
    "student": "fake:s",
}


def recipe(**changes: Any) -> Recipe:
    return Recipe.parse(yaml.safe_dump(BASE | changes, sort_keys=False), folder=Path("/r"))


def refused(text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        Recipe.parse(dedent(text), folder=Path("/r"), source="r.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


FULL = """\
name: x
seeds:
  path: s.jsonl
  {seeds}
teacher:
  model: fake:t
  {teacher}
generate:
  generator: answers
  {generate}
filters:
  - complete
  - exact:
      {short}
  - name: exact
    options:
      {long}
format:
  valid: 1
  {format}
student:
  model: fake:s
  {student}
train:
  epochs: 1
  {train}
eval:
  limit: 1
  {eval}
{top}
"""


def with_line(**lines: str) -> str:
    places = ["seeds", "teacher", "generate", "short", "long", "format", "student", "train", "eval"]
    return FULL.format(**({place: "" for place in [*places, "top"]} | {"long": "on: pair"} | lines))


@pytest.mark.parametrize(
    ("where", "key", "line", "shown", "near"),
    [
        ("seeds", "limitt", 4, "seeds.limitt", "limit"),
        ("teacher", "concurency", 7, "teacher.concurency", "concurrency"),
        ("generate", "max_token", 10, "max_token", "max_tokens"),
        ("short", "onn", 14, "onn", "on"),
        ("long", "onn", 17, "onn", "on"),
        ("format", "tests", 20, "format.tests", "test"),
        ("student", "layer", 23, "student.layer", "layers"),
        ("train", "learning_rat", 26, "train.learning_rat", "learning_rate"),
        ("eval", "task", 29, "eval.task", "tasks"),
        ("top", "filter", 30, "filter", "filters"),
    ],
)
def test_an_unknown_key_is_named_with_its_line_and_the_nearest(
    where: str, key: str, line: int, shown: str, near: str
) -> None:
    message = refused(with_line(**{where: f"{key}: 1"}))
    assert message.startswith(f"r.yaml, line {line}: ")
    assert repr(shown) in message
    assert message.endswith(f"did you mean {near!r}?")


def test_a_key_like_no_other_gets_the_list() -> None:
    message = refused(with_line(student="zzzz: 1"))
    assert message == (
        "r.yaml, line 23: unknown key 'student.zzzz'; known are config, layers, lora, model, start"
    )


@pytest.mark.parametrize(
    ("where", "text", "line", "said"),
    [
        ("seeds", "limit: 0", 4, "seeds.limit"),
        ("teacher", "concurrency: many", 7, "got 'many'"),
        ("generate", "max_tokens: none", 10, "option 'max_tokens'"),
        ("generate", "temperature: -1", 10, "got -1"),
        ("short", "on: page", 14, "option 'on'"),
        ("long", "on: page", 17, "option 'on'"),
        ("train", "objective: sfft", 26, "unknown objective 'sfft'; did you mean 'sft'?"),
        ("train", "warmup: 1.5", 26, "train.warmup"),
        ("train", "options: {a: 1}", 26, "objective 'sft' has no option 'a'"),
        ("eval", "form: essay", 29, "got 'essay'"),
        ("top", "seed: one", 30, "got 'one'"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(where: str, text: str, line: int, said: str) -> None:
    message = refused(with_line(**{where: text}))
    assert message.startswith(f"r.yaml, line {line}: ")
    assert said in message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"generate": "answer"}, "unknown generator 'answer'; did you mean 'answers'?"),
        ({"generate": {"generator": "answer"}}, "unknown generator 'answer'"),
        ({"filters": ["complete", "exat"]}, "line 7: unknown filter 'exat'; did you mean 'exact'?"),
        ({"filters": "exact"}, "filters"),
        ({"filters": [{"exact": 3}]}, "filters.0.options"),
        ({"filters": [{"a": 1, "b": 2}]}, "line 6"),
        ({"teacher": "gpt-4o"}, "line 3: unknown model 'gpt-4o'"),
        ({"student": {"model": "no/folder"}}, "line 5: unknown model 'no/folder'"),
        ({"generate": {"paths": 2, "temperature": 0}}, "2 paths at temperature 0"),
        ({"name": "../x"}, "a name starts with a letter or digit"),
        ({"name": ""}, "a name starts with a letter or digit"),
        ({"name": "a" * 101}, "a name starts with a letter or digit"),
        ({"name": 7}, "name: Input should be a valid string, got 7"),
        ({"seeds": None}, "seeds"),
        ({"seeds": "~nobody-here/x"}, "~nobody-here"),
        ({"teacher": ["bundled"]}, "teacher"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(change: dict[str, Any], said: str) -> None:
    assert said in refused(yaml.safe_dump(BASE | change, sort_keys=False))


@pytest.mark.parametrize("key", sorted(BASE.keys() - {"student"}))
def test_a_missing_key_is_named(key: str) -> None:
    rest = {name: value for name, value in BASE.items() if name != key}
    assert f"the key {key!r} is missing" in refused(yaml.safe_dump(rest))


def test_a_missing_key_in_a_section_is_named_with_the_sections_line() -> None:
    message = refused("name: x\nseeds: s\nstudent: fake:s\nteacher:\n  timeout: 3\n")
    assert message == "r.yaml, line 4: the key 'teacher.model' is missing"


@pytest.mark.parametrize("text", ["", "# nothing", "- a", "just text", "3", "null"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    assert "is empty or no mapping; it needs at least name, seeds" in refused(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [x", "line 1: not YAML"),
        ("name: x\n\tseeds: y", "line 2: not YAML"),
        ("name: x\nseeds: y\nname: z", "line 3: not YAML (the key 'name' stands twice)"),
        ("name: x\ntrain:\n  epochs: 1\n  epochs: 2", "line 4: not YAML (the key 'epochs'"),
        ("name: !!python/object/apply:os.system [ls]", "not YAML"),
        ("name: a\x00b", "not YAML"),
        ("seed: 0b_", "not YAML"),
        ("a: &a [*a]", ""),
        ("a: " + "[" * 5000, "nested too deeply"),
    ],
)
def test_what_is_no_yaml_is_refused(text: str, said: str) -> None:
    assert said in refused(text)


# Secrets


@pytest.mark.parametrize("key", ["api_key", "apikey", "API-KEY", "token", "key", "password"])
@pytest.mark.parametrize("section", ["teacher", "generate", "student", None])
def test_a_key_in_a_recipe_is_refused_and_not_echoed(section: str | None, key: str) -> None:
    tree = BASE | {"teacher": {"model": "fake:t"}, "student": {"model": "fake:s"}, "generate": {}}
    tree |= {key: SECRET} if section is None else {section: {**tree[section], key: SECRET}}
    message = refused(yaml.safe_dump(tree, sort_keys=False))
    assert SECRET not in message
    assert key in message
    if section != "generate":
        assert "put it into an environment variable and name that in api_key_env" in message


@pytest.mark.parametrize(
    "fields",
    [
        {"base_url": f"http://user:{SECRET}@host/v1"},
        {"base_url": f"http://{SECRET}@host/v1"},
        {"base_url": f"http://:{SECRET}@host/v1"},
        {"base_url": f"http://host/v1?key={SECRET}"},
        {"base_url": f"http://host/v1#{SECRET}"},
        {"base_url": f"http://user:{SECRET}\u2100@host/v1"},
        {"base_url": f"ftp://user:{SECRET}@host"},
        {"base_url": f"http://host:{SECRET}/v1"},
        {"base_url": [SECRET]},
        {"base_url": f"//{SECRET}"},
        {"api_key_env": SECRET},
        {"api_key_env": [SECRET]},
        {"extra": {"api_key": SECRET}},
        {"extra": {"Authorization": SECRET}},
        {"extra": SECRET},
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_not_echoed(fields: dict[str, Any]) -> None:
    message = refused(yaml.safe_dump(BASE | {"teacher": {"model": "openai:m", **fields}}))
    assert SECRET not in message
    assert f"teacher.{next(iter(fields))}" in message


def test_a_whole_section_in_the_wrong_form_is_not_echoed() -> None:
    assert SECRET not in refused(yaml.safe_dump(BASE | {"teacher": [{"api_key": SECRET}]}))


def test_the_message_for_a_password_says_what_to_do() -> None:
    message = refused(
        yaml.safe_dump(BASE | {"teacher": {"model": "openai:m", "base_url": "http://u:p@h/v1"}})
    )
    assert "put the key into an environment variable and name it in api_key_env" in message


@pytest.mark.parametrize(
    "url", ["", "host/v1", "http://", "http:///v1", "http://[::1", "file:///x"]
)
def test_a_base_url_is_http_with_a_host(url: str) -> None:
    text = yaml.safe_dump(BASE | {"teacher": {"model": "openai:m", "base_url": url}})
    assert "base_url must look like http://HOST/v1" in refused(text)


# What loads


def test_the_short_forms_and_the_defaults() -> None:
    short = recipe(generate="answers", filters=["exact"])
    long = recipe(
        seeds={"path": "seeds.jsonl"},
        teacher={"model": "fake:t"},
        student={"model": "fake:s"},
        generate={"generator": "answers"},
        filters=[{"name": "exact"}],
    )
    assert short == long
    assert [step.name for step in recipe().filters] == ["complete", "exact"]
    assert recipe(filters=[]).filters == ()
    assert recipe(filters=[{"exact": None}]) == short


def test_options_stand_beside_the_generator_and_under_the_filter() -> None:
    made = recipe(generate={"paths": 3, "stop": ["\n"]}, filters=[{"exact": {"on": "prompt"}}])
    assert made.generate.options == {"paths": 3, "stop": ["\n"]}
    assert made.filters[0].options == {"on": "prompt"}


def test_on_yes_and_dates_are_text_as_people_mean_them() -> None:
    text = """\
    name: 2024-01-31
    seeds: s.jsonl
    teacher: {model: fake:t, send_seed: no}
    student: fake:s
    filters:
      - exact: {on: prompt}
    """
    made = Recipe.parse(dedent(text), folder=Path("/r"))
    assert made.name == "2024-01-31"
    assert made.teacher.send_seed is False
    assert made.filters[0].options == {"on": "prompt"}


def test_an_openai_model_has_the_official_address_unless_told() -> None:
    assert recipe(teacher="openai:m").teacher.base_url == "https://api.openai.com/v1"
    told = recipe(teacher={"model": "openai:m", "base_url": "http://localhost:8000/v1/"})
    assert told.teacher.base_url == "http://localhost:8000/v1"
    assert recipe().teacher.base_url is None


def test_a_section_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        recipe().teacher.model = "x"
    assert TeacherSection(model="fake:t").concurrency == 16


def test_paths_are_relative_to_the_recipe_and_not_to_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (tmp_path / "model").mkdir()
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (folder / "r.yaml").write_text(
        dedent("""\
        name: x
        seeds: ../seeds.jsonl
        teacher: gguf:t.gguf
        student: ../model
        eval:
          tasks: [imitation, ../items.jsonl, own.yaml, arc_easy]
        """)
    )
    for path in (folder / "r.yaml", Path("../recipes/r.yaml")):
        made = Recipe.load(path)
        assert made.seeds.path == tmp_path / "seeds.jsonl"
        assert made.teacher.model == f"gguf:{folder}/t.gguf"
        assert Path(made.need_student().model).resolve() == tmp_path / "model"
        assert made.eval.tasks == (
            "imitation",
            str(tmp_path / "items.jsonl"),
            str(folder / "own.yaml"),
            "arc_easy",
        )


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert recipe(seeds="~/seeds.jsonl").seeds.path == tmp_path / "seeds.jsonl"


def test_to_yaml_loads_equal_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    made = Recipe.parse(
        yaml.safe_dump(
            BASE
            | {
                "name": "no",
                "student": {"model": "s", "layers": 3},
                "teacher": {"model": "openai:m", "extra": {"top_k": 5, "x": [1, None, "é"]}},
                "generate": {"paths": 2, "system": "Sei nett: 'ja' – 是\n\"x\"", "stop": ["\n"]},
                "filters": ["complete", {"exact": {"on": "prompt"}}],
                "train": {"learning_rate": 1e-3},
                "eval": {"tasks": ["imitation", "items.jsonl"]},
            }
        ),
        folder=tmp_path,
    )
    (tmp_path / "run").mkdir()
    saved = tmp_path / "run" / "recipe.yaml"
    saved.write_text(made.to_yaml(), encoding="utf-8")
    again = Recipe.load(saved)
    assert again == made
    assert again.to_yaml() == made.to_yaml()
    assert again.generate.options == made.generate.options
    assert made.resolved(Path("/elsewhere")) == made


def test_to_yaml_spells_out_every_default() -> None:
    tree = yaml.safe_load(recipe().to_yaml())
    assert set(tree) == set(Recipe.model_fields)
    full = recipe()
    for name in ("seeds", "teacher", "format", "student", "train", "eval"):
        assert set(tree[name]) == set(type(getattr(full, name)).model_fields)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "r.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError, match=f"cannot read the recipe {path}"):
        Recipe.load(path)


def test_a_folder_is_no_recipe_and_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="Is a directory"):
        Recipe.load(tmp_path)
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump(BASE), encoding="utf-8-sig")
    assert Recipe.load(path).name == "x"
