"""The whole training: candidates, scores, rewards, a retriever; and again with what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

from limbeck.demos import Demo, Encoder
from limbeck.demos.pool import Scorer
from limbeck.encoders.retriever import FORMAT
from limbeck.errors import UserError
from limbeck.hf import device
from limbeck.progress import Reporter
from limbeck.record import content_hash
from limbeck.store import json_text
from limbeck.trainers.retriever.backbones import Backbone, backbone
from limbeck.trainers.retriever.biencoder import ranked, train_vectors
from limbeck.trainers.retriever.book import Book
from limbeck.trainers.retriever.candidates import by_vectors, by_words, candidates, drawn
from limbeck.trainers.retriever.examples import TOP, Example, batches, by_label
from limbeck.trainers.retriever.held_out import Standing, standings
from limbeck.trainers.retriever.reward import judge_epochs, judged, train_judge
from limbeck.trainers.retriever.scores import Pair, Scores, TargetScorer, Worth
from limbeck.trainers.retriever.settings import Settings
from limbeck.trainers.retriever.tasks import Task, prepared


@dataclass(frozen=True, slots=True)
class Trained:
    """The retriever, what is to be told of it, and what it is worth (empty: nothing held out)."""

    encoder: Encoder
    backbone: Backbone
    about: dict[str, Any]
    held_out: Mapping[str, Standing]

    def save(self, folder: Path) -> None:
        """The folder appears whole or not at all. Raises UserError where it cannot be written."""
        self.backbone.save(self.encoder, folder, json_text(self.about))


def train_retriever(
    demos: Sequence[Demo],
    scorer: TargetScorer,
    *,
    encoder: str,
    settings: Settings,
    book: Book,
    reporter: Reporter,
) -> Trained:
    """LLM-R's loop over the rows of all tasks. Each round trains both models anew, on all pairs
    that were scored so far: those of BM25 keep a retriever from forgetting what is bad.

    Torch's random state is left as it was. Raises UserError for rows that nothing can be learned
    from, ModelError and MissingExtra for the encoder, and what scorer and book raise.
    """
    tasks = prepared(demos, settings)
    rows = [demo for task in tasks for demo in task.train]
    scores = Scores(scorer, book, settings.label_score)
    with _own_random_state():
        model = backbone(encoder, rows, seed=settings.seed)
        training = _Training(tasks, model, scores, settings, reporter)
        found = training.run()
        held_out = training.compared(found)
    about = {
        "format": FORMAT,
        "limbeck": metadata.version("limbeck"),
        "backbone": model.about,
        "encoder": encoder,
        "scorer": {"name": scorer.name, "identity": scorer.identity},
        "settings": asdict(settings),
        "rows": content_hash([asdict(demo) for demo in demos]),
        "tasks": {
            task.name: {"train": len(task.train), "valid": len(task.valid)} for task in tasks
        },
        "left_out": training.left_out,
        "rounds": training.rounds,
        "held_out": {name: standing.to_json() for name, standing in held_out.items()},
    }
    return Trained(found, model, about, held_out)


@contextmanager
def _own_random_state() -> Iterator[None]:
    used = device()
    with torch.random.fork_rng(devices=[used] if used.type == "cuda" else []):
        yield


class _Training:
    def __init__(
        self,
        tasks: Sequence[Task],
        model: Backbone,
        scores: Scores,
        settings: Settings,
        reporter: Reporter,
    ) -> None:
        self.rounds: list[dict[str, Any]] = []
        self.left_out = 0  # pairs that do not fit the scorer's window
        self._tasks = tasks
        self._model = model
        self._scores = scores
        self._settings = settings
        self._reporter = reporter
        # By row, in order: what each candidate met so far is worth.
        self._known: dict[Demo, dict[Demo, float]] = {
            row: {} for task in tasks for row in task.train
        }

    def run(self) -> Encoder:
        search: Callable[[Task], Scorer] = by_words
        encoder: Encoder | None = None
        for turn in range(1, self._settings.rounds + 1):
            firsts = self._score(search, turn)
            encoder = self._round(firsts, turn)
            search = self._search(encoder)
        assert encoder is not None
        return encoder

    def compared(self, encoder: Encoder) -> dict[str, Standing]:
        """The first demo of each scheme for every row held out, scored."""
        if not any(task.valid for task in self._tasks):
            return {}
        self._seed("untrained", 0)
        untrained = self._search(self._model.vectors().frozen())
        trained = self._search(encoder)
        searches = {"bm25": by_words, "untrained": untrained, "retriever": trained}
        found: dict[str, list[Demo | None]] = {}
        for task in self._tasks:
            lists = {"random": drawn(task, task.valid, self._count, self._settings.seed)}
            for name, search in searches.items():
                lists[name] = self._candidates(task, task.valid, search)
            for name, demos in lists.items():
                found.setdefault(name, []).extend(map(self._first, task.valid, demos))
        rows = [row for task in self._tasks for row in task.valid]
        kept = [n for n in range(len(rows)) if all(demos[n] for demos in found.values())]
        self.left_out += len(rows) - len(kept)
        pairs = [
            Pair(demo, rows[n])
            for demos in found.values()
            for n in kept
            if (demo := demos[n]) is not None
        ]
        if not kept:
            return {}
        worths = self._worths("held out", pairs)
        return standings(
            {
                name: worths[place * len(kept) : (place + 1) * len(kept)]
                for place, name in enumerate(found)
            }
        )

    @property
    def _count(self) -> int:
        return self._settings.candidates

    def _search(self, encoder: Encoder) -> Callable[[Task], Scorer]:
        return lambda task: by_vectors(task, encoder)

    def _candidates(
        self, task: Task, rows: Sequence[Demo], search: Callable[[Task], Scorer]
    ) -> list[tuple[Demo, ...]]:
        return candidates(task, rows, search(task), self._count, self._settings.seed)

    def _first(self, row: Demo, demos: Sequence[Demo]) -> Demo | None:
        """The best demo that fits the scorer's window beside the row."""
        return next((demo for demo in demos if self._scores.fits(Pair(demo, row))), None)

    def _score(self, search: Callable[[Task], Scorer], turn: int) -> dict[Demo, Demo]:
        """Score the candidates of every row; the first one of each."""
        pairs: list[Pair] = []
        firsts: dict[Demo, Demo] = {}
        for task in self._tasks:
            for row, demos in zip(
                task.train, self._candidates(task, task.train, search), strict=True
            ):
                fitting = [demo for demo in demos if self._scores.fits(Pair(demo, row))]
                self.left_out += len(demos) - len(fitting)
                pairs += [Pair(demo, row) for demo in fitting]
                firsts |= {row: fitting[0]} if fitting else {}
        for pair, worth in zip(pairs, self._worths(f"score {turn}", pairs), strict=True):
            self._known[pair.row][pair.demo] = worth.score
        return firsts

    def _worths(self, name: str, pairs: Sequence[Pair]) -> list[Worth]:
        different = len({(pair.demo.id, pair.row.id) for pair in pairs})
        with self._reporter.stage(name, "pairs", different) as bar:
            return self._scores.of(pairs, bar)

    def _round(self, firsts: Mapping[Demo, Demo], turn: int) -> Encoder:
        settings, model = self._settings, self._model
        scored = [
            Example(row, tuple(worth), np.array(list(worth.values())))
            for row, worth in self._known.items()
            if len(worth) > 1
        ]
        wanted = [by_label(one) for one in scored] if settings.same_label_only else scored
        # Where all are equal there is nothing to tell apart.
        kept = [n for n, one in enumerate(wanted) if one.scores.min() < one.scores.max()]
        scored, wanted = [scored[n] for n in kept], [wanted[n] for n in kept]
        if not wanted:
            raise UserError(
                "no row has candidates of which one is better than another, so there is nothing to "
                "learn; take more rows, or a scorer that reads the demos"
            )
        told: dict[str, Any] = {
            "candidates": "bm25" if turn == 1 else "retriever",
            "rows": len(wanted),
            "pairs": sum(len(one.demos) for one in wanted),
            "search": self._told(scored, [_place(one, firsts) for one in scored]),
        }
        if settings.reward:
            self._seed("reward", turn)
            judge = model.judge(sees_target=settings.reward_target)
            epochs = judge_epochs(wanted, settings, model.judge_pace, turn)
            rate = settings.reward_learning_rate or model.judge_pace.rate
            with self._stage(f"reward {turn}", epochs) as bar:
                curve = train_judge(judge, wanted, epochs, settings, rate, turn, bar)
            rewards = judged(judge, wanted)
            wanted = [
                one._replace(scores=found) for one, found in zip(wanted, rewards, strict=True)
            ]
            best = [int(one.order[0]) for one in wanted]
            told["reward"] = {"losses": curve, **self._told(scored, best)}
        self._seed("retriever", turn)
        module = model.vectors()
        key = (settings.seed, "retriever", turn)
        epochs = [
            batches(wanted, settings.batch, *key, epoch)
            for epoch in range(settings.epochs or model.pace.epochs)
        ]
        rate = settings.learning_rate or model.pace.rate
        temperature = settings.temperature or model.temperature
        with self._stage(f"train {turn}", epochs) as bar:
            curve = train_vectors(
                module, self._tasks, epochs, settings, rate, temperature, turn, bar
            )
        encoder = module.frozen()
        best = [int(order[0]) for order in ranked(encoder, wanted)]
        told["retriever"] = {"losses": curve, **self._told(scored, best)}
        self.rounds.append(told)
        return encoder

    def _stage(self, name: str, epochs: Sequence[Sequence[Any]]) -> Any:
        return self._reporter.stage(name, "steps", sum(map(len, epochs)))

    def _told(self, scored: Sequence[Example], best: Sequence[int]) -> dict[str, Any]:
        """What somebody's first choice among each row's candidates is worth to the scorer: its mean
        score, beside that of the scorer's own choice; how often it is in the scorer's top."""
        chosen = [float(one.scores[place]) for one, place in zip(scored, best, strict=True)]
        hits = [place in one.order[:TOP] for one, place in zip(scored, best, strict=True)]
        return {
            "first": round(float(np.mean(chosen)), 6),
            "best": round(float(np.mean([one.scores.max() for one in scored])), 6),
            f"in_top_{TOP}": round(float(np.mean(hits)), 6),
        }

    def _seed(self, what: str, turn: int) -> None:
        """Of its own for every model: to leave one out changes no other."""
        torch.manual_seed(int(content_hash([self._settings.seed, what, turn], size=7), 16))


def _place(example: Example, firsts: Mapping[Demo, Demo]) -> int:
    return example.demos.index(firsts[example.row])
