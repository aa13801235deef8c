"""lm-eval tasks of our own, asked of models that do as they are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck.errors import AskError
from limbeck.evals.harness import TaskResult, evaluate
from limbeck.evals.planned import Plan
from limbeck.evals.protocol import make_protocol
from limbeck.evals.questions import Asking
from limbeck.filters import answer
from limbeck.protocols import Reply, Request
from limbeck.recipe import Eval
from limbeck.record import Message
from limbeck.teachers.scoring import Context

COLOURS = [
    {"id": f"c{n}", "question": f"Which is a colour? ({n})", "choices": ["椅子", "Rouge", "Haus"],
     "gold": 1, "topic": "colours" if n % 2 else "Farben"}
    for n in range(6)
]  # fmt: skip
SUMS = [{"id": f"s{n}", "question": f"{n} + 1 = ?", "answer": str(n + 1)} for n in range(5)]

CHOICE = """
task: colours
dataset_path: json
dataset_kwargs: {data_files: {test: DATA/colours.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_choice: choices
doc_to_target: gold
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
"""
NUMBERS = """
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: DATA/sums.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["END"], do_sample: false, max_gen_toks: 40}
filter_list:
  - name: first-number
    filter:
      - {function: regex, regex_pattern: "(-?[0-9]+)", group_select: 0}
      - {function: take_first}
  - name: last-number
    filter:
      - {function: regex, regex_pattern: "(-?[0-9]+)", group_select: -1}
      - {function: take_first}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
"""


class Scripted:
    """A writer that says what a function makes of the prompt's last words."""

    name = "scripted"

    def __init__(self, say: Callable[[str], str | Reply | AskError]) -> None:
        self.say = say
        self.asked: list[Request] = []

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"endpoint": "fake"}

    async def ask(self, request: Request, /) -> Reply:
        self.asked.append(request)
        said = self.say(request.messages[-1].content)
        if isinstance(said, AskError):
            raise said
        return said if isinstance(said, Reply) else Reply(said)

    async def aclose(self) -> None:
        return


class Longest:
    """Likelihoods by which the shortest continuation wins."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def __call__(self, pairs: Sequence[tuple[Context, str]]) -> list[tuple[float, bool]]:
        return [(-float(len(text)), False) for _, text in pairs]


def put(folder: Path, name: str, text: str, rows: Sequence[Mapping[str, Any]] = ()) -> Path:
    """A task's YAML file, in which DATA is the folder, and the rows of its data."""
    if rows:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    path = folder / f"{name}.yaml"
    path.write_text(text.replace("DATA", str(folder)), encoding="utf-8")
    return path


def fill(folder: Path) -> Path:
    """The tasks `colours` and `sums`."""
    put(folder, "colours", CHOICE, COLOURS)
    put(folder, "sums", NUMBERS, SUMS)
    return folder


def run(
    folder: Path,
    say: Callable[[str], Any],
    *,
    scores: Longest | None = None,
    asks_twice: bool = True,
    demos: Sequence[Message] = (),
    **section: Any,
) -> tuple[dict[str, TaskResult], list[str], Scripted]:
    """The results by task, the calls that failed, and the writer. `tasks` are names of YAML files
    in the folder, or of files or folders with their ending; `asks_twice` says that the role is one
    with a second view."""
    section.setdefault("tasks", ("colours", "sums"))
    for key in ("tasks", "forgetting"):
        names = section.get(key, ())
        section[key] = tuple(
            str(folder / (name if "." in name else f"{name}.yaml")) for name in names
        )
    made = Eval.model_validate({"form": "generate", "max_tokens": 9, **section})
    protocol = make_protocol(made, [], black_box=True, asked={})
    plan = Plan(
        made, protocol, [], Asking(lambda seed: seed.messages), answer, lambda text: False,
        scored=scores is not None, second_view=asks_twice,
    )  # fmt: skip
    writer = Scripted(say)
    found, failures = evaluate(writer, scores, plan, width=4, demos=demos)
    return {one.task: one for one in found}, failures, writer


def letter(prompt: str, option: str) -> str:
    """The letter under which a prompt shows an option."""
    return next(line[0] for line in prompt.splitlines() if line[1:] == f". {option}")
