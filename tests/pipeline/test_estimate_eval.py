"""What the evaluation will ask, against what it does ask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck.errors import DataError, UserError
from limbeck.ledger import Ledger
from limbeck.money import PICO, estimate_tokens
from limbeck.pipeline import evaluate, in_context, judge, style
from limbeck.pipeline.context import Context
from limbeck.pipeline.estimate import estimate, render
from limbeck.pipeline.estimate_eval import evaluation_of
from limbeck.pipeline.estimate_plan import plan_of
from limbeck.pipeline.forecast_eval import Bill, Evaluation, Part
from limbeck.pipeline.generate import generator_of
from limbeck.progress import Quiet
from limbeck.recipe import Recipe
from limbeck.record import to_messages
from limbeck.rundir import RunDir
from limbeck.seeds import read_seeds
from limbeck.store import write_jsonl
from limbeck.testing import ApiServer

PRICE = {"input": 1, "output": 10}
LABELS = ["sun ☀", "rain", "雾雾雾"]
QUESTIONS = [{"prompt": f"{n} + {n} = ? 等于多少", "target": str(2 * n)} for n in range(6)]
ITEMS = [
    {"question": f"Où {n} ?", "options": ["là-bas 🌊", f"ici {n}"], "answer": 0} for n in range(5)
]
OPEN = [{"prompt": f"讲个故事 number {n}, please" + " long" * n} for n in range(7)]


def rows(kind: str, count: int, options: Sequence[str] = LABELS) -> list[dict[str, Any]]:
    return [
        {
            "task": "天气",
            "id": f"{kind}{n}",
            "input": f"the sky of {kind} day {n} {'云' * (n % 4)} {'abcdefghij'[n % 10] * 5}",
            "output": options[n % len(options)],
            "options": list(options),
        }
        for n in range(count)
    ]


def context(folder: Path, teacher: Any, evaluation: dict[str, Any], **changes: Any) -> Context:
    write_jsonl(folder / "seeds.jsonl", [{"prompt": f"seed {'é' * n} {n}"} for n in range(20)])
    write_jsonl(folder / "questions.jsonl", QUESTIONS)
    write_jsonl(folder / "items.jsonl", ITEMS)
    write_jsonl(folder / "open.jsonl", OPEN)
    write_jsonl(folder / "rows.jsonl", rows("row", 4))
    write_jsonl(folder / "pool.jsonl", rows("demo", 6))
    job: dict[str, Any] = {
        "name": "x",
        "seeds": "seeds.jsonl",
        "teacher": teacher,
        "generate": {"max_tokens": 30},
        "student": "fake:s",
        "eval": evaluation,
    }
    recipe = Recipe.model_validate(job | changes).resolved(folder)
    return Context(RunDir(folder / "runs" / "x", recipe), Quiet(), folder / "ledger.sqlite")


def api(server: ApiServer, **fields: Any) -> dict[str, Any]:
    return {"model": "openai:m", "base_url": server.base_url, "attempts": 1, **fields}


def counted(given: Context) -> Evaluation | None:
    seeds, generator = read_seeds(given.recipe.seeds.path), generator_of(given)
    with Ledger(given.ledger) as ledger:
        plan = plan_of(given, ledger, generator, generator.requests, seeds)  # type: ignore[attr-defined]
    return evaluation_of(given, seeds, plan)


def parts(given: Context) -> dict[str, Part]:
    made = counted(given)
    assert made is not None
    assert made.teacher is not None
    return {part.name: part for part in made.teacher.parts}


def asked(server: ApiServer, start: int = 0) -> tuple[int, int, int]:
    """What the server was asked: calls, tokens of the prompts, and the most that it may write."""
    bodies = server.bodies[start:]
    read = sum(estimate_tokens(to_messages(body["messages"])) for body in bodies)
    return len(bodies), read, sum(body["max_tokens"] for body in bodies)


def told(part: Part) -> tuple[int | None, int | None, int | None]:
    return part.calls, part.prompt_tokens, part.completion_tokens


def test_tasks_and_style_are_counted_as_they_are_asked(tmp_path: Path) -> None:
    section = {
        "tasks": ["questions.jsonl", "items.jsonl"],
        "task_options": {"questions": {"limit": 4, "max_tokens": 77}},
        "max_tokens": 50,
        "style": {"prompts": "open.jsonl", "limit": 5, "max_tokens": 33, "system": "Sois bref."},
    }
    with ApiServer() as server:
        given = context(tmp_path, api(server), section)
        found = parts(given)
        assert not server.bodies
        evaluate._evaluate(given, "teacher", evaluate._protocol(given))
        both = [told(found[name]) for name in ("questions", "items")]
        assert asked(server) == tuple(map(sum, zip(*both, strict=True)))
        assert (found["questions"].calls, found["questions"].completion_tokens) == (4, 4 * 77)
        start = len(server.bodies)
        style.ask_model(given, "teacher")
        assert asked(server, start) == told(found["style"])
        assert found["style"].calls == 2 * 5


@pytest.mark.parametrize("form", ["chat", "base"])
@pytest.mark.parametrize("samples", [1, 3])
def test_in_context_rows_are_counted_and_their_prompts_bounded(
    tmp_path: Path, form: str, samples: int
) -> None:
    section = {
        "rows": "rows.jsonl",
        "demos": "pool.jsonl",
        "shots": [0, 1, 3],
        "seeds": 2,
        "form": form,
        "instruction": "Which weather?",
        "samples": samples,
        "labels": "sampled",
    }
    with ApiServer() as server:
        given = context(tmp_path, api(server), {"tasks": [], "in_context": section})
        found = parts(given)["in_context"]
        in_context.ask_model(given, "teacher")
        calls, read, written = asked_raw(server)
    # Without demos once, two draws of 1 and of 3, and of both controls: 4 rows each.
    assert found.calls == calls == 4 * (1 + 2 + 2 + 2 + 2) * samples
    assert found.completion_tokens == written
    assert found.prompt_tokens is not None
    assert read <= found.prompt_tokens < 1.5 * read


def asked_raw(server: ApiServer) -> tuple[int, int, int]:
    """The same of texts to be continued."""
    if "messages" in server.bodies[0]:
        return asked(server)
    read = sum(
        estimate_tokens(to_messages([{"role": "user", "content": body["prompt"]}]))
        for body in server.bodies
    )
    return len(server.bodies), read, sum(body["max_tokens"] for body in server.bodies)


def test_demos_are_dropped_where_prompts_have_a_limit(tmp_path: Path) -> None:
    section = {"rows": "rows.jsonl", "demos": "pool.jsonl", "shots": [4], "controls": []}
    plain, limited = (
        parts(context(tmp_path, "openai:m", {"tasks": [], "in_context": section | more}))[
            "in_context"
        ].prompt_tokens
        for more in ({}, {"max_prompt_tokens": 60})
    )
    assert plain is not None
    assert limited == 4 * 5 * 60 < plain


def test_the_judge_has_a_line_and_a_price_of_its_own(tmp_path: Path) -> None:
    with ApiServer() as server:
        section = {
            "tasks": [],
            "style": {"prompts": "open.jsonl", "max_tokens": 40},
            "judge": api(server, price=PRICE, against=["base", "teacher", "teacher_again"])
            | {"limit": 3, "max_tokens": 9},
        }
        given = context(tmp_path, "fake:t", section)
        made = counted(given)
        assert made is not None
        assert made.teacher is None  # it costs nothing
        assert made.judge is not None
        (part,) = made.judge.parts
        prompts = [prompt["prompt"] for prompt in OPEN]
        texts = {
            # 40 tokens each, as they are reckoned
            role: [f"{role} {n}".ljust(120, "x") for n in range(len(prompts))]
            for role in ("student", "base", "teacher", "teacher_again")
        }
        judge.judge_run(given, prompts, texts)
        calls, read, written = asked(server)
    assert (part.calls, part.completion_tokens) == (calls, written) == (18, 18 * 9)
    assert part.prompt_tokens is not None
    # "(empty)" stands in place of the answers where prompts are counted.
    assert read <= part.prompt_tokens <= read + 6 * calls
    assert made.judge.cost(part) == part.prompt_tokens * 10**6 + written * 10**7
    assert part.name == "judge (openai:m)"


def test_imitation_is_as_if_every_row_were_kept(tmp_path: Path) -> None:
    options = {"paths": 3, "max_tokens": 30}
    section = {"tasks": ["imitation"], "max_tokens": 50}
    found = parts(context(tmp_path, "openai:m", section, generate=options))["imitation"]
    # A tenth of 20 prompts, three rows each: the two longest.
    longest = sorted((len(f"seed {'é' * n} {n}".encode()) for n in range(20)), reverse=True)
    assert (found.calls, found.completion_tokens) == (6, 300)
    assert found.prompt_tokens is not None
    assert 3 * sum(longest[:2]) / 3 < found.prompt_tokens < 3 * sum(longest[:2])
    few = parts(context(tmp_path, "openai:m", section | {"limit": 4}, generate=options))
    assert few["imitation"].calls == 4
    many = parts(context(tmp_path, "openai:m", section, format={"test": 5}, generate=options))
    assert many["imitation"].calls == 15
    none = parts(context(tmp_path, "openai:m", section, format={"test": 0}))
    assert told(none["imitation"]) == (0, 0, 0)
    by = parts(context(tmp_path, "openai:m", section, format={"by": "template"}))["imitation"]
    assert by.calls is None
    assert "templates held out" in by.unknown


def test_what_cannot_be_known_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "任务"
    folder.mkdir()
    data = {"data_files": {"test": str(tmp_path / "items.jsonl")}}
    here = {"dataset_path": "json", "dataset_kwargs": data, "test_split": "test"}
    (folder / "here.yaml").write_text(yaml.safe_dump({"task": "here", **here}), encoding="utf-8")
    scored = {"task": "scored", "output_type": "loglikelihood", **here}
    (folder / "scored.yaml").write_text(yaml.safe_dump(scored), encoding="utf-8")
    far = {"task": "far", "dataset_path": "org/far", "test_split": "test"}
    far["generation_kwargs"] = {"max_gen_toks": 6}  # type: ignore[assignment]
    (tmp_path / "far.yaml").write_text(yaml.safe_dump(far), encoding="utf-8")
    tasks = ["任务", "far.yaml", "arc_easy", "none.yaml", "none/at_all"]
    section = {"tasks": tasks, "max_tokens": 50, "style": "none.jsonl"}
    section["judge"] = "openai:j"
    section["in_context"] = {"rows": "none.jsonl"}
    given = context(tmp_path, "openai:m", section)
    found = parts(given)
    assert list(found) == ["here", "far", "arc_easy", "none", "at_all", "style", "in_context"]
    assert told(found["here"]) == (5, None, 250)
    assert found["here"].unknown == "prompts are written by lm-eval's templates"
    assert {told(part) for name, part in found.items() if name != "here"} == {(None, None, None)}
    assert "org/far" in found["far"].unknown
    assert "is not there" in found["style"].unknown
    made = counted(given)
    assert made is not None
    assert made.judge is not None
    assert "is not there" in made.judge.unknown[0]
    # A limit bounds what is not known: each task of lm-eval's files is cut to it.
    options = {"far": {"limit": 2}, "任务": {"limit": 3, "max_tokens": 9}}
    limited = parts(context(tmp_path, "openai:m", section | {"task_options": options}))
    assert told(limited["far"]) == (2, None, 12)
    assert told(limited["here"]) == (3, None, 27)


@pytest.mark.parametrize(
    "teacher", ["fake:t", "bundled", {"model": "openai:m", "price": {"input": 0, "output": 0}}]
)
def test_nobody_is_told_of_what_costs_nothing(tmp_path: Path, teacher: Any) -> None:
    assert evaluation_of(context(tmp_path, teacher, {"tasks": ["items.jsonl"]}), [], []) is None


def test_a_file_that_cannot_be_read_is_told_before_the_first_call(tmp_path: Path) -> None:
    with ApiServer() as server:
        given = context(tmp_path, api(server), {"tasks": ["items.jsonl"]})
        write_jsonl(tmp_path / "items.jsonl", [{"question": "?"}])
        with pytest.raises(DataError, match=r"items\.jsonl, line 1: the key 'options' is missing"):
            estimate(given)
        assert not server.bodies


def test_the_estimate_has_it_beside_the_rows(tmp_path: Path) -> None:
    with ApiServer() as server:
        section = {"tasks": ["items.jsonl", "arc_easy"], "max_tokens": 100, "style": "open.jsonl"}
        section["judge"] = api(server, price=PRICE)
        made = estimate(context(tmp_path, api(server, price=PRICE), section))
        assert len(server.bodies) == 20
    said = render(made)
    assert said.splitlines()[1].split() == ["generation", "estimate", "95%", "interval"]
    assert "evaluation, at most" in said
    assert "arc_easy: how many docs it has is known to lm-eval" in said
    assert "Price of the judge: $1.00 in, $10.00 out per million tokens, the recipe's" in said
    assert "and eval.judge.price in the recipe overrides." in said
    row = json.loads(json.dumps(made.to_json(), allow_nan=False))["evaluation"]
    assert [part["name"] for part in row["teacher"]["parts"]] == ["items", "arc_easy", "style"]
    items = row["teacher"]["parts"][0]
    assert items["cost_usd"] == pytest.approx((items["prompt_tokens"] + 10 * 500) / 1e6)
    assert row["teacher"]["parts"][1]["cost_usd"] is None
    assert row["judge"]["total"]["calls"] == 4 * 7
    free = estimate(context(tmp_path, "fake:t", section | {"judge": None}))
    assert free.to_json()["evaluation"] is None
    assert render(free).splitlines()[1].startswith("whole run")


def test_a_run_whose_rows_are_free_is_told_what_its_evaluation_asks(tmp_path: Path) -> None:
    given = context(tmp_path, "openai:m", {"tasks": ["items.jsonl"]}, generate="given")
    write_jsonl(tmp_path / "seeds.jsonl", [{"prompt": "a", "completion": "b"}])
    with pytest.raises(UserError, match=r"it is free\nevaluation, at most +calls.*\nitems +5 "):
        estimate(given)


def test_the_table_reads_well() -> None:
    from limbeck.money import Rates
    from limbeck.pipeline.forecast_eval import lines

    rates = Rates(10**6, 10**7, 10**6, source="the recipe's price")
    teacher = Bill(
        "openai:m",
        rates,
        (
            Part("天气", 1200, 60_000, 153_600),
            Part("b\x1b[31m", 44, None, 5632, "prompts are written by lm-eval's templates"),
            Part("arc_easy", None, None, None, "nobody knows"),
        ),
    )
    judge = Bill("openai:j", rates, (Part("judge (openai:j)", 400, 300_000, 204_800),))
    assert lines(Evaluation(teacher, judge)) == [
        "evaluation, at most      calls  prompt tokens  completion tokens              cost",
        "天气                     1,200         60,000            153,600             $1.60",
        "b␛[31m                      44      not known              5,632  $0.0563 and more",
        "arc_easy             not known      not known          not known",
        "all that is known        1,244         60,000            159,232             $1.65",
        "judge (openai:j)           400        300,000            204,800             $2.35",
        "Not known before: b␛[31m: prompts are written by lm-eval's templates; arc_easy: "
        "nobody knows.",
        "Evaluation: as if every answer were as long as it may be, and none of it were in the "
        "ledger.",
    ]
    free = Bill("openai:m", None, teacher.parts[:1])
    assert lines(Evaluation(free, None))[:2] == [
        "evaluation, at most  calls  prompt tokens  completion tokens",
        "天气                 1,200         60,000            153,600",
    ]
    assert lines(Evaluation(None, None)) == []
    assert judge.to_json()["total"]["cost_usd"] == 2.348
    assert teacher.cost(teacher.total) == 1_652_320_000_000 == 1.65232 * PICO
