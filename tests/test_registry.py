"""Names in a recipe: built-in or from a plug-in, loaded only when used, options checked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from limbeck import registry
from limbeck.errors import RecipeError, UserError
from limbeck.filters.exact import Exact
from limbeck.generators.answers import Answers
from limbeck.registry import GROUPS, Group, OptionError, build, did_you_mean, find, plugins

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """`install(name, source, group=...)` puts a plug-in package on the path."""
    points: list[metadata.EntryPoint] = []

    def add(name: str, source: str, *, group: Group = "filters", target: str = "Plug") -> None:
        module = f"plugged_{len(points)}_{name.replace('-', '_')}"
        (tmp_path / f"{module}.py").write_text(source)
        points.append(metadata.EntryPoint(name, f"{module}:{target}", f"limbeck.{group}"))
        registry._installed.cache_clear()

    def entry_points(*, group: str) -> list[metadata.EntryPoint]:
        return [point for point in points if point.group == group]

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(metadata, "entry_points", entry_points)
    registry._installed.cache_clear()
    yield add
    registry._installed.cache_clear()
    for module in [name for name in sys.modules if name.startswith("plugged_")]:
        del sys.modules[module]


GOOD = '''
class Plug:
    """Keeps what is green.

    More words.
    """

    def __init__(self, shade: int = 3) -> None:
        self.shade = shade
'''


@pytest.mark.parametrize("group", GROUPS)
def test_every_built_in_name_loads_and_says_what_it_does(group: Group) -> None:
    listed = [plugin for plugin in plugins(group) if plugin.source == "built-in"]
    assert listed
    assert [plugin.name for plugin in listed] == sorted(plugin.name for plugin in listed)
    for plugin in listed:
        assert callable(plugin.load())
        assert plugin.about
        assert find(group, plugin.name) == plugin


def test_a_name_gives_an_instance_with_its_options() -> None:
    judge = build("filters", "exact", {"on": "prompt"})
    assert isinstance(judge, Exact)
    assert judge.on == "prompt"
    answers = build("generators", "answers", {"paths": 2, "stop": ["\n"], "temperature": 1})
    assert isinstance(answers, Answers)
    assert (answers.paths, answers.stop, answers.temperature) == (2, ("\n",), 1.0)
    assert isinstance(answers.temperature, float)


def test_an_unknown_name_gets_the_nearest_or_the_list(install: Install) -> None:
    with pytest.raises(RecipeError, match=r"unknown filter 'exat'; did you mean 'exact'\?"):
        find("filters", "exat")
    with pytest.raises(RecipeError, match=r"unknown objective 'zzz'; known are .*sft"):
        find("objectives", "zzz")
    install("greenish", GOOD)
    with pytest.raises(RecipeError, match=r"did you mean 'greenish'\?"):
        find("filters", "grenish")


@pytest.mark.parametrize(
    ("options", "option", "said"),
    [
        ({"onn": "pair"}, "onn", "filter 'exact' has no option 'onn'; did you mean 'on'?"),
        ({"on": "page"}, "on", "got 'page'"),
        ({"name": "x"}, "name", "has no option 'name'"),
        ({"_seen": {}}, "_seen", "has no option '_seen'"),
    ],
)
def test_an_option_that_does_not_fit_is_named(
    options: dict[str, object], option: str, said: str
) -> None:
    with pytest.raises(OptionError) as caught:
        build("filters", "exact", options)
    assert caught.value.option == option
    assert said in str(caught.value)


def test_what_a_class_itself_refuses_is_an_option_error() -> None:
    with pytest.raises(OptionError, match="generator 'answers': 2 paths at temperature 0"):
        build("generators", "answers", {"paths": 2, "temperature": 0})


def test_a_plug_in_is_listed_after_the_built_in_ones_and_built(install: Install) -> None:
    before = plugins("filters")
    install("a-green", GOOD)
    listed = plugins("filters")
    assert listed[:-1] == before
    assert listed[-1].name == "a-green"
    assert listed[-1].about == "Keeps what is green."
    assert listed[-1].source != "built-in"
    assert build("filters", "a-green", {"shade": "5"}).shade == 5
    with pytest.raises(OptionError, match=r"has no option 'shadow'; did you mean 'shade'\?"):
        build("filters", "a-green", {"shadow": 1})


def test_a_plug_in_that_nobody_names_is_not_imported(install: Install) -> None:
    install("green", "raise SystemExit('imported')")
    assert find("filters", "exact").load() is Exact
    assert find("filters", "green").name == "green"
    with pytest.raises(RecipeError):
        find("filters", "gren")
    assert not any(name.startswith("plugged_") for name in sys.modules)


def test_a_built_in_name_cannot_be_taken_over(install: Install) -> None:
    before = plugins("filters")
    install("exact", GOOD)
    assert find("filters", "exact").load() is Exact
    assert plugins("filters") == before


@pytest.mark.parametrize(
    "source", ["import no_such_module", "Plugg = 1", "1 / 0", "def", "raise OSError('x')"]
)
def test_a_plug_in_that_does_not_load_is_a_users_error_and_harms_no_other(
    install: Install, source: str
) -> None:
    install("green", source)
    with pytest.raises(UserError, match=r"the plug-in 'green' of .* cannot be loaded"):
        build("filters", "green", {})
    assert plugins("filters")[-1].about.startswith("cannot be loaded: ")
    assert find("filters", "exact").load() is Exact


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("thresold", "; did you mean 'threshold'?"),
        ("xyz", "; known are num_perm, threshold"),
        ("", "; known are num_perm, threshold"),
    ],
)
def test_did_you_mean(name: str, expected: str) -> None:
    assert did_you_mean(name, ["threshold", "num_perm"]) == expected
