"""`limbeck retriever`: train an encoder to find the demos that help a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from limbeck.cli.options import ProgressMode
from limbeck.errors import Interrupted, UserError


def retriever(
    rows: Annotated[
        Path, typer.Argument(metavar="ROWS", help="JSONL of {task, id, input, output, options}.")
    ],
    scorer: Annotated[
        str,
        typer.Option(metavar="MODEL", help="Weights that say how likely a target is after a demo."),
    ],
    into: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to write.")],
    encoder: Annotated[
        str,
        typer.Option(metavar="ngrams|MODEL", help="What to train: n-grams from scratch, a model."),
    ] = "ngrams",
    candidates: Annotated[int, typer.Option(help="Demos scored for every row, a round.")] = 20,
    rounds: Annotated[int, typer.Option(help="Searches: BM25's, then the retriever's own.")] = 2,
    valid: Annotated[float, typer.Option(help="The share of rows held out.")] = 0.1,
    limit: Annotated[int | None, typer.Option(help="Use at most so many rows a task.")] = None,
    near: Annotated[float, typer.Option(help="The least resemblance of a near copy.")] = 0.8,
    label_score: Annotated[
        str,
        typer.Option(help="Rows with options: normalised over these, or likelihood alone."),
    ] = "normalised",
    same_label_only: Annotated[
        bool, typer.Option("--same-label-only", help="Candidates of another label are bad.")
    ] = False,
    no_reward: Annotated[
        bool, typer.Option("--no-reward", help="No reward model: learn from the scores.")
    ] = False,
    blind_reward: Annotated[
        bool, typer.Option("--blind-reward", help="The reward model does not see the target.")
    ] = False,
    kl: Annotated[float, typer.Option(help="The weight of KL to the rewards; 0: off.")] = 1.0,
    contrastive: Annotated[float, typer.Option(help="The weight of InfoNCE; 0: off.")] = 0.2,
    temperature: Annotated[
        float | None,
        typer.Option(help="Divides cosines. Default: 0.1 for n-grams, 0.01 for a model."),
    ] = None,
    group: Annotated[int, typer.Option(help="Candidates of a row in one step.")] = 8,
    batch: Annotated[int, typer.Option(help="Rows in one step.")] = 16,
    epochs: Annotated[
        int | None, typer.Option(help="Of the retriever. Default: 10 for n-grams, 3 for a model.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Default: 2e-2 for n-grams, 5e-5 for a model.")
    ] = None,
    reward_epochs: Annotated[
        int | None, typer.Option(help="Of the reward model. Default: 10, 3 for a model.")
    ] = None,
    reward_learning_rate: Annotated[
        float | None, typer.Option(help="Default: 1e-2 for n-grams, 3e-5 for a model.")
    ] = None,
    dtype: Annotated[str, typer.Option(help="The scorer's: bfloat16 or float32.")] = "bfloat16",
    scores: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep scores here. Default: FOLDER.scores.jsonl."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides every draw.")] = 0,
    progress: ProgressMode = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train a retriever of demos by what they do for a model (LLM-R), and say what that bought.

    Scores take nearly all of the time, and are kept: the same command goes on after a stop.
    """
    from limbeck.pipeline.retriever import make_retriever, scores_file
    from limbeck.progress import Mode, reporter, shown_json, visible
    from limbeck.trainers.retriever.settings import Settings

    if progress not in get_args(Mode):
        raise UserError(f"--progress is one of {', '.join(get_args(Mode))}, got {progress!r}")
    if dtype not in ("bfloat16", "float32"):
        raise UserError(f"--dtype is bfloat16 or float32, got {dtype!r}")
    shown = reporter(progress)  # type: ignore[arg-type]
    settings = Settings(
        candidates=candidates,
        rounds=rounds,
        valid=valid,
        limit=limit,
        near=near,
        label_score=label_score,  # type: ignore[arg-type]  # it checks
        same_label_only=same_label_only,
        reward=not no_reward,
        reward_target=not blind_reward,
        kl=kl,
        contrastive=contrastive,
        temperature=temperature,
        group=group,
        batch=batch,
        epochs=epochs,
        learning_rate=learning_rate,
        reward_epochs=reward_epochs,
        reward_learning_rate=reward_learning_rate,
        seed=seed,
    )
    kept = scores or scores_file(into)
    try:
        about = make_retriever(
            rows,
            scorer=scorer,
            into=into,
            encoder=encoder,
            settings=settings,
            reporter=shown,
            scores=kept,
            dtype=dtype,  # type: ignore[arg-type]
        )
    except (KeyboardInterrupt, Interrupted):
        shown.say(f"stopped; what was scored is in {kept}. Give the same command to go on")
        raise KeyboardInterrupt from None
    if as_json:
        typer.echo(shown_json({"folder": str(into), **about}))
        return
    for line in [*told(about), f"Retriever: {into}"]:
        typer.echo(visible(line))


def told(about: Mapping[str, Any]) -> Iterator[str]:
    """What training bought, in words and a table."""
    if about["left_out"]:
        yield f"{about['left_out']} pairs and held-out rows did not fit the scorer's window"
    found = about["held_out"]
    if not found:
        yield "No row was held out, so nothing says what the retriever is worth"
        return
    yield "The first demo of each scheme alone, shown to the rows held out (nats; ± one standard"
    yield "error of the mean difference):"
    yield f"  {'scheme':<12}{'score':>8}{'right':>9}{'minus BM25':>20}"
    for name, one in found.items():
        right = "" if one["right"] is None else f"{100 * one['right']:.1f}%"
        moved = "" if one["minus_bm25"] is None else _moved(*one["minus_bm25"])
        yield f"  {name:<12}{one['score']:>8.3f}{right:>9}{moved:>20}"
    yield _verdict(found["retriever"]["rows"], *found["retriever"]["minus_bm25"])


def _moved(difference: float, error: float | None) -> str:
    return f"{difference:+.3f}" + ("" if error is None else f" ± {error:.3f}")


def _verdict(rows: int, difference: float, error: float | None) -> str:
    """By Student's 95% interval: on few rows two standard errors are no proof."""
    if error is None:
        return (
            "The retriever's demos cannot be told from BM25's on one held-out row: one difference "
            "has no spread"
        )
    from limbeck.student_t import t_quantile

    reach = t_quantile(0.975, rows - 1) * error
    low, high = difference - reach, difference + reach
    resting = f"on {rows} held-out rows (95% interval {low:+.3f} to {high:+.3f})"
    if low <= 0 <= high:
        return (
            f"The retriever's demos cannot be told from BM25's {resting}: they are as good, or the "
            "rows are too few"
        )
    more = "more" if difference > 0 else "less"
    worth = f"{abs(difference):.3f} nats {more} than BM25's"
    return f"The retriever's demos are worth {worth} {resting}"
