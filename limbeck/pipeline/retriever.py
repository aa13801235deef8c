"""`limbeck retriever`: rows and a model that scores in, a folder with a trained encoder out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from limbeck.demos import read_demos
from limbeck.encoders import NGRAMS, encoder_name, is_retriever
from limbeck.errors import MissingExtra, ModelError, UserError
from limbeck.models import ModelName, parse_model
from limbeck.progress import Reporter

if TYPE_CHECKING:
    from limbeck.trainers.retriever.settings import Settings


def scores_file(into: Path) -> Path:
    """Where scores are kept unless another file is named: beside the folder. Raises UserError for
    a folder without a name of its own."""
    if into.name in ("", ".."):
        raise UserError(f"--into names the folder to write, got {str(into)!r}; give it a name")
    return into.with_name(f"{into.name}.scores.jsonl")


def make_retriever(
    rows: Path,
    *,
    scorer: str,
    into: Path,
    encoder: str,
    settings: Settings,
    reporter: Reporter,
    scores: Path | None = None,
    dtype: Literal["bfloat16", "float32"] = "bfloat16",
) -> dict[str, Any]:
    """Train a retriever on task rows and write it; what is in its retriever.json.

    Whatever can be refused is, before weights are loaded. Scores are kept in `scores`: a run that
    was stopped computes the rest only, and others with the same scorer share them. Raises
    UserError and its kinds.
    """
    name = _scorer(scorer)
    encoder = _encoder(encoder)
    _require_free(into)
    demos = read_demos(rows)
    try:
        import bm25s  # noqa: F401  # else it is missed when the scorer is in memory
    except ImportError as error:
        raise MissingExtra(f"BM25 retrieval ({error.name})", "retrieve") from error
    try:
        from limbeck.hf import load
        from limbeck.trainers.retriever.book import opened
        from limbeck.trainers.retriever.local_scorer import LocalScorer
        from limbeck.trainers.retriever.rounds import train_retriever
        from limbeck.trainers.retriever.tasks import prepared
    except ImportError as error:
        raise MissingExtra(f"training ({error.name})", "train") from error
    tasks = prepared(demos, settings)
    train, valid = (sum(len(getattr(t, side)) for t in tasks) for side in ("train", "valid"))
    reporter.say(f"retriever: {len(tasks)} tasks, {train} rows to train on, {valid} held out")
    with opened(scores or scores_file(into)) as book:
        if len(book):
            reporter.say(f"retriever: {len(book)} scores are there from before")
        found = train_retriever(
            demos,
            LocalScorer(load(name, dtype=dtype)),
            encoder=encoder,
            settings=settings,
            book=book,
            reporter=reporter,
        )
    found.save(into)
    return found.about


def _scorer(text: str) -> ModelName:
    name = parse_model(text)
    if not name.is_local:
        raise ModelError(
            f"the scorer {name} answers elsewhere and gives no likelihoods of texts; take weights "
            "that run here: bundled, hf:ORG/NAME, gguf:FILE or a folder. A small model will do"
        )
    return name


def _encoder(text: str) -> str:
    name = encoder_name(text)
    if name != NGRAMS and is_retriever(Path(name)):
        raise ModelError(
            f"{text} is a trained retriever, and training starts from {NGRAMS} or from a model; "
            "name the one that it was made from"
        )
    return name


def _require_free(into: Path) -> None:
    """What is replaced is a retriever, or nothing."""
    try:
        taken = into.exists() and not is_retriever(into) and (into.is_file() or any(into.iterdir()))
    except OSError as error:
        raise UserError(f"cannot look into {into}: {error.strerror}") from error
    if taken:
        raise UserError(f"{into} is there and is no retriever; name another folder with --into")
