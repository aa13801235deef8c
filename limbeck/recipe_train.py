"""The recipe's sections on what a student learns and how: format and train."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from limbeck.recipe_student import Section


class Format(Section):
    """The split, and the text that a student learns.

    A fraction below 1 of the prompts, or a number of prompts; never on two sides. `by` template
    keeps all questions of one template on one side, source all rows that were made from one seed.
    `text` chat is the prompt and the completion in
    the student's own template. arrow is Fine-tune-CoT's, "question ###" and "rationale --> answer";
    answer is the same without a rationale, and `rationales` shuffled gives every answer another
    row's rationale: two controls, for what rationales are worth.

    `rows` trains on so many of the training rows, the first of one seeded order: 100 are among 200,
    and valid and test stay what they are. `completions` shuffled gives every prompt another
    prompt's completion, and target the seed's own target: two controls, for what style alone and
    what right answers alone are worth. `test` keeps the teacher's completions.
    """

    valid: Annotated[float, Field(ge=0)] = 0.05
    test: Annotated[float, Field(ge=0)] = 0.1
    by: Literal["prompt", "template", "source"] = "prompt"
    text: Literal["chat", "arrow", "answer"] = "chat"
    rationales: Literal["own", "shuffled"] = "own"
    rows: Annotated[int, Field(ge=1)] | None = None
    completions: Literal["own", "shuffled", "target"] = "own"

    def hashed(self) -> dict[str, Any]:
        """What the rows follow from. `rows` and `completions` stand there only where they are set,
        so that a run folder that is older than they are stays done."""
        unset = {"rows": None, "completions": "own"}
        return {k: v for k, v in self.model_dump(mode="json").items() if v != unset.get(k, ...)}


class Train(Section):
    """The trainer. `options` are the objective's own.

    `batch_tokens` bounds the tokens of one step, padding included where rows are padded;
    `micro_tokens` (default: the whole step) bounds what is in memory at once, and moves no row to
    another step. `packing` puts rows one after another in one line; they do not see each other, and
    a prompt that labels share counts once. `compile` spends half a minute, and a C++ compiler on a
    CPU, on a sixth less time a step. After `patience` epochs without a lower validation loss
    training stops, with the best weights. Checkpoints: every five minutes, and `checkpoint_steps`.
    `seed` (default: the recipe's) draws the order of rows, dropout and adapters, and nothing else:
    with another one no request is asked again, and a student starts from the same base.
    """

    seed: int | None = None
    objective: str = "sft"
    options: dict[str, Any] = Field(default_factory=dict)
    epochs: Annotated[int, Field(ge=1)] = 3
    learning_rate: Annotated[float, Field(gt=0)] = 2e-4
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.05
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    clip: Annotated[float, Field(gt=0)] = 1.0
    batch_tokens: Annotated[int, Field(ge=16)] = 2048
    micro_tokens: Annotated[int, Field(ge=16)] | None = None
    max_length: Annotated[int, Field(ge=8)] = 1024
    packing: Literal["auto"] | bool = "auto"
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    gradient_checkpointing: bool = False
    compile: bool = False
    patience: Annotated[int, Field(ge=1)] | None = None
    checkpoint_steps: Annotated[int, Field(ge=1)] | None = None
    keep_checkpoints: Annotated[int, Field(ge=1)] = 2
