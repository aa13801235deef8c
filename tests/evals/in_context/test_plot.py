"""The accuracy plots, by their numbers: every mark in its panel, every label apart."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.evals.in_context import plot
from tests.evals.in_context.made_up import RIGHT, WEATHER, part, right

HEIGHT = 13  # px, of a label: 0.8rem


def many(tasks: int, selectors: int, *, k: tuple[int, ...] = (0, 1, 2, 4)) -> dict[str, Any]:
    """A report of many panels whose accuracies cross each other."""
    names = ["random", *(f"selector_{n}" for n in range(1, selectors))]

    def points(shift: float) -> list[dict[str, Any]]:
        made = []
        for select in ["", *names]:
            for shots in k if select else (0,):
                if bool(select) != bool(shots):
                    continue
                models = {}
                for place, role in enumerate(("base", "student", "teacher")):
                    value = 0.3 + shift + 0.001 * place + 0.07 * shots * place
                    ends = {"low": max(0.0, value - 0.2), "high": min(1.0, value + 0.2)}
                    models[role] = {"accuracy": {"value": min(1.0, value), **ends}}
                point = {"select": select, "shots": shots, "control": None, "models": models}
                made.append(point)
        return made

    bars = [
        {"name": name, "accuracy": {"value": 0.3 + 0.001 * place}}
        for place, name in enumerate(("random", "majority", "knn_bm25", "knn_dense"))
    ]
    rows = [
        {"task": f"task {n}", "points": points(0.03 * n), "baselines": bars} for n in range(tasks)
    ]
    return {"tasks": rows, "mean": {"points": points(0.0)}}


def panels(found: dict[str, Any]) -> list[dict[str, Any]]:
    made = plot.plots(found)
    assert made is not None
    return [one for one in (made["main"], *made["selectors"], *made["tasks"]) if one]


@pytest.mark.parametrize("found", [many(6, 9), many(1, 1), part(), part(["mood"])])
def test_everything_stands_in_its_panel(found: dict[str, Any]) -> None:
    for one in panels(found):
        marks = [mark for line in one["lines"] for mark in line["marks"]]
        whiskers = [whisker for line in one["lines"] for whisker in line["whiskers"]]
        xs = [x for x, *_ in marks + whiskers] + [x for x, _ in one["x_ticks"]]
        ys = [y for _, *several in marks + whiskers for y in several]
        ys += [y for y, _ in one["y_ticks"]] + [bar["y"] for bar in one["bars"]]
        assert all(one["left"] < x < one["right"] for x in xs)
        assert all(one["top"] <= y <= one["bottom"] for y in ys)
        assert one["bottom"] + 19 < one["height"]
        for x, high, low in whiskers:
            (at,) = {y for line in one["lines"] for px, y in line["marks"] if px == x}
            assert high <= at <= low


@pytest.mark.parametrize("shape", [(6, 9), (1, 1), (3, 2)])
def test_there_is_a_panel_for_every_selector_and_of_several_tasks_for_each(
    shape: tuple[int, int],
) -> None:
    tasks, selectors = shape
    made = plot.plots(many(tasks, selectors))
    assert made is not None
    assert made["main"] is not None
    assert len(made["selectors"]) == selectors - 1
    assert [one["title"] for one in made["tasks"]] == [
        f"task {n}" for n in range(tasks if tasks > 1 else 0)
    ]


def test_all_panels_have_the_same_axes() -> None:
    small = panels(many(6, 9))[1:]
    assert len({str(one["y_ticks"]) + str(one["x_ticks"]) for one in small}) == 1
    large = panels(many(6, 9))[0]
    assert [text for _, text in large["y_ticks"]] == [text for _, text in small[0]["y_ticks"]]


def test_labels_never_cover_each_other_though_all_lines_end_together() -> None:
    found = many(1, 1)
    for point in found["mean"]["points"]:
        point["models"] = {role: point["models"]["base"] for role in point["models"]}
    labels = panels(found)[0]["labels"]
    assert [label["name"] for label in labels] != []
    assert len(labels) == 6
    heights = [label["at"] for label in labels]
    assert all(low - high >= HEIGHT for high, low in pairwise(heights))


@given(st.lists(st.floats(plot.LARGE.top, plot.LARGE.bottom), max_size=12))
def test_labels_are_apart_inside_and_in_the_order_of_their_lines(ys: list[float]) -> None:
    ends = [plot._End(str(place), 80.0, y) for place, y in enumerate(ys)]
    made = plot._labels(ends, plot.LARGE)
    assert [label["y"] for label in made] == sorted(ys)
    heights = [label["at"] for label in made]
    assert all(low - high >= HEIGHT for high, low in pairwise(heights))
    assert all(plot.LARGE.top - HEIGHT <= y <= plot.LARGE.bottom for y in heights)


def test_a_curve_is_drawn_to_scale() -> None:
    made = plot.plots(part())
    assert made is not None
    ticks = {text: y for y, text in made["main"]["y_ticks"]}
    lines = {line["role"]: line for line in made["main"]["lines"]}
    (_, start), (_, end) = lines["student"]["marks"]
    # Without demos 40%, after two 75%: 40% has a tick, and a tenth is as high as between two.
    assert start == pytest.approx(ticks["40%"], abs=0.02)
    tenth = (ticks["40%"] - ticks["60%"]) / 2
    assert start - end == pytest.approx(3.5 * tenth, abs=0.05)
    xs = [x for x, _ in made["main"]["x_ticks"]]
    assert [x for x, _ in lines["student"]["marks"]] == xs
    assert lines["base"]["marks"][0][0] < xs[0] < lines["teacher"]["marks"][0][0]
    assert lines["student"]["points"] == " ".join(
        f"{10 * x:.1f},{y:.1f}" for x, y in lines["student"]["marks"]
    )


def test_the_baselines_are_lines_where_all_tasks_have_them() -> None:
    bars = plot.plots(part())["main"]["bars"]  # type: ignore[index]
    assert [bar["name"] for bar in bars] == ["guessing", "majority", "kNN vote"]
    found = part()
    found["tasks"][1]["baselines"] = [
        one for one in found["tasks"][1]["baselines"] if one["name"] == "random"
    ]
    made = plot.plots(found)
    assert made is not None
    assert [bar["name"] for bar in made["main"]["bars"]] == ["guessing"]
    assert [len(one["bars"]) for one in made["tasks"]] == [3, 1]


def test_a_curve_is_told_in_words() -> None:
    made = plot.plots(part())
    assert made is not None
    words = made["main"]["words"]
    assert "Student: 40.0% [" in words
    assert " with 0, 75.0% [" in words
    assert " with 2. Teacher: 50.0% [" in words
    assert words.count("Guessing: 41.7%") == 1
    assert made["tasks"][1]["title"] == WEATHER


def test_what_was_not_measured_is_not_drawn() -> None:
    assert plot.plots({"tasks": [], "mean": None}) is None
    assert plot.plots({"tasks": [{"task": "t", "points": []}], "mean": {"points": []}}) is None
    lost = plot.plots(part(lost={WEATHER: list(RIGHT["student"])}))
    assert lost is not None
    assert lost["main"] is None
    assert [one["title"] for one in lost["tasks"]] == ["mood"]
    two = plot.plots(part(counts={name: RIGHT[name] for name in ("base", "student")}))
    assert two is not None
    assert [line["role"] for line in two["main"]["lines"]] == ["base", "student"]


def test_a_single_k_stands_in_the_middle() -> None:
    only = {name: {"none/0": rows["none/0"]} for name, rows in RIGHT.items()}
    made = plot.plots(part(counts=only))
    assert made is not None
    assert made["main"]["x_ticks"] == [((plot.LARGE.left + plot.LARGE.right) / 2, "0")]


@pytest.mark.parametrize("share", [0, 40])
def test_an_accuracy_of_none_or_all_has_an_axis(share: int) -> None:
    counts = {name: {"none/0": (share,)} for name in RIGHT}
    found = part(["mood"], counts)
    found["tasks"][0]["baselines"] = []
    (one,) = panels(found)
    assert len(one["y_ticks"]) >= 2
    assert all(one["top"] <= y <= one["bottom"] for line in one["lines"] for _, y in line["marks"])


def test_selectors_are_told_apart_by_their_panels() -> None:
    made = plot.plots(part(counts=right(bm25__2=(40,))))
    assert made is not None
    (bm25,) = made["selectors"]
    assert bm25["title"] == "bm25 demos"
    student = next(line for line in bm25["lines"] if line["role"] == "student")
    main = next(line for line in made["main"]["lines"] if line["role"] == "student")
    assert len(student["marks"]) == len(main["marks"]) == 2
    assert student["marks"][1][1] < main["marks"][1][1]
