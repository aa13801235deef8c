"""The whole training on a task whose hidden cue BM25 cannot see."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from limbeck.demos import Demo, selector
from limbeck.encoders import encoder
from limbeck.errors import UserError
from limbeck.progress import Quiet
from limbeck.store import read_json
from limbeck.trainers.retriever import scores as module
from limbeck.trainers.retriever.book import Book, opened
from limbeck.trainers.retriever.rounds import Trained, train_retriever
from limbeck.trainers.retriever.settings import Settings
from limbeck.trainers.retriever.tasks import prepared
from tests.encoders.bert import save_bert
from tests.trainers.retriever.cues import CueScorer, accuracy, rows

SMALL: dict[str, Any] = {
    "candidates": 6,
    "rounds": 1,
    "valid": 0.2,
    "epochs": 1,
    "reward_epochs": 1,
    "group": 4,
}
ROWS = rows(30)


def train(
    given: Sequence[Demo] = ROWS,
    *,
    scorer: CueScorer | None = None,
    book: Book | None = None,
    name: str = "ngrams",
    **options: Any,
) -> Trained:
    return train_retriever(
        given,
        scorer or CueScorer(given),
        encoder=name,
        settings=Settings(**SMALL | options),
        book=Book() if book is None else book,
        reporter=Quiet(),
    )


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_cue_that_bm25_cannot_see_is_learned(tmp_path: Path) -> None:
    """On rows held out: most often a demo of the row's class, where chance is a third."""
    given = rows(200)
    settings: dict[str, Any] = {"candidates": 20, "valid": 0.25, "group": 8}
    settings |= {"epochs": None, "reward_epochs": None}
    made = train(given, **settings)
    made.save(tmp_path / "r")
    [task] = prepared(given, Settings(**SMALL | settings))
    assert len(task.valid) == 50
    firsts = {}
    searches: dict[str, dict[str, Any]] = {
        "bm25": {"document": "input_output"},
        "learned": {"encoder": encoder(str(tmp_path / "r"))},
    }
    for name, options in searches.items():
        one = selector(name, task.train, **options)
        by_id = {demo.id: demo for demo in task.train}
        firsts[name] = [
            by_id[one.select(row.input, 1, task.near[row.id]).ids[0]] for row in task.valid
        ]
    assert accuracy(firsts["bm25"], task.valid) < 0.5
    assert accuracy(firsts["learned"], task.valid) > 0.7
    found = made.held_out
    moved = found["retriever"].minus_bm25
    assert moved is not None
    assert moved[1] is not None
    assert moved[0] > 3 * moved[1] > 0
    assert found["retriever"].score > found["untrained"].score
    assert abs(found["random"].score - found["bm25"].score) < moved[0] / 2


def test_two_runs_write_the_same_bytes_and_touch_no_random_state(tmp_path: Path) -> None:
    for name in ("a", "b"):
        state = torch.random.get_rng_state()
        train(rounds=2).save(tmp_path / name)
        assert torch.equal(torch.random.get_rng_state(), state)
        torch.rand(7)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    train(rounds=2, seed=1).save(tmp_path / "c")
    assert files(tmp_path / "a")["vectors.npy"] != files(tmp_path / "c")["vectors.npy"]


def test_the_folder_says_what_it_is(tmp_path: Path) -> None:
    train(rounds=2).save(tmp_path / "猫")
    about = read_json(tmp_path / "猫" / "retriever.json")
    assert about["backbone"]["kind"] == "ngrams"
    assert about["scorer"] == {"name": "cue", "identity": "cue"}
    assert about["settings"]["seed"] == 0
    assert about["tasks"] == {"cue": {"train": 24, "valid": 6}}
    assert [one["candidates"] for one in about["rounds"]] == ["bm25", "retriever"]
    first, second = about["rounds"]
    assert first["pairs"] == 24 * 6 < second["pairs"] <= 24 * 12
    for one in about["rounds"]:
        for who in ("search", "reward", "retriever"):
            assert one[who]["first"] <= one[who]["best"]
            assert 0 <= one[who]["in_top_3"] <= 1
    assert set(about["held_out"]) == {"random", "bm25", "untrained", "retriever"}
    assert "time" not in str(about)


def test_what_a_search_brought_is_told_as_it_is() -> None:
    """Computed again from what the scorer says."""
    given = rows(24)
    made = train(given, valid=0)
    scorer = CueScorer(given)
    asked = CueScorer(given)
    train(given, valid=0, scorer=asked)
    worth: dict[tuple[str, str], dict[str, float]] = {}
    for context, text in asked.asked:
        demo, query = context.split("\n\n\n")
        worth.setdefault((query, demo), {})[text.strip()] = scorer.likelihood(context, text)
    best: dict[str, float] = {}
    for (query, _), numbers in worth.items():
        right = numbers[scorer.targets[query.rstrip("\n")]]
        value = right - float(np.logaddexp.reduce(list(numbers.values())))
        best[query] = max(best.get(query, -99.0), value)
    assert made.about["rounds"][0]["search"]["best"] == pytest.approx(
        float(np.mean(list(best.values()))), abs=1e-5
    )


@pytest.mark.parametrize(
    "change",
    [
        {"reward": False},
        {"reward_target": False},
        {"kl": 0},
        {"contrastive": 0},
        {"same_label_only": True},
        {"label_score": "likelihood"},
        {"temperature": 0.5},
    ],
    ids=str,
)
def test_every_switch_changes_what_it_says_and_nothing_before(change: dict[str, Any]) -> None:
    plain, other = train(), train(**change)
    one, two = (made.about["rounds"][0] for made in (plain, other))
    vectors = [made.encoder.encode([row.input for row in ROWS]) for made in (plain, other)]
    assert vectors[0].tolist() != vectors[1].tolist()
    assert ("reward" in two) == (change != {"reward": False})
    assert ("kl" in two["retriever"]["losses"][0]) == ("kl" not in change)
    assert ("contrastive" in two["retriever"]["losses"][0]) == ("contrastive" not in change)
    if "label_score" in change:
        assert other.held_out["retriever"].right is None
    else:
        assert (one["pairs"], one["search"]["best"]) == (two["pairs"], two["search"]["best"]) or (
            "same_label_only" in change
        )
    if not {"reward", "reward_target", "same_label_only", "label_score"} & set(change):
        assert one["reward"] == two["reward"]  # the reward model knows nothing of the retriever


def test_a_second_round_scores_what_the_first_retriever_found() -> None:
    once, twice = CueScorer(ROWS), CueScorer(ROWS)
    train(scorer=once, valid=0)
    train(scorer=twice, valid=0, rounds=2)
    assert twice.asked[: len(once.asked)] == once.asked
    assert len(set(twice.asked)) == len(twice.asked) > len(once.asked)


def test_no_row_meets_itself_a_copy_or_a_row_held_out() -> None:
    copies = [
        Demo(f"copy-{row.id}", row.task, f"{row.input.upper()} !", row.output, row.options)
        for row in ROWS[:6]
    ]
    given = [*ROWS, *copies]
    scorer = CueScorer(given)
    train(given, scorer=scorer, rounds=2)
    [task] = prepared(given, Settings(**SMALL))
    held = {row.input for row in task.valid}
    assert scorer.asked
    for context, _ in scorer.asked:
        demo, query = context.split("\n\n\n")
        shown = demo.rsplit("\n", 1)[0]
        assert shown not in held
        assert shown.casefold().rstrip(" !") != query.casefold().rstrip(" !\n")


def test_tasks_are_not_mixed_and_texts_may_be_free() -> None:
    given = [*rows(16), *rows(16, seed=1, task="天气", options=False)]
    scorer = CueScorer(given)
    made = train(given, scorer=scorer)
    of = {row.input: row.task for row in given}
    for context, _ in scorer.asked:
        demo, query = context.split("\n\n\n")
        assert of[demo.rsplit("\n", 1)[0]] == of[query.rstrip("\n")]
    assert set(made.about["tasks"]) == {"cue", "天气"}


def test_a_killed_run_goes_on_and_writes_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 20)
    whole = CueScorer(ROWS)
    train(scorer=whole, rounds=2).save(tmp_path / "whole")

    class Dying(CueScorer):
        def __call__(self, pairs: Sequence[tuple[str, str]], /) -> list[float]:
            if len(self.asked) > 150:
                raise KeyboardInterrupt
            return super().__call__(pairs)

    dying, rest = Dying(ROWS), CueScorer(ROWS)
    with opened(tmp_path / "s.jsonl") as book, pytest.raises(KeyboardInterrupt):
        train(scorer=dying, book=book, rounds=2)
    with opened(tmp_path / "s.jsonl") as book:
        train(scorer=rest, book=book, rounds=2).save(tmp_path / "on")
    assert len(dying.asked) > 150
    assert dying.asked + rest.asked == whole.asked
    assert files(tmp_path / "on") == files(tmp_path / "whole")


def test_pairs_that_do_not_fit_are_left_out_and_counted() -> None:
    scorer = CueScorer(ROWS)
    scorer.window = 5 + 6 + 1 + 1 + module._SEAMS  # words of a demo, a row, a label, an end
    long = Demo("long", "cue", "amm " * 40, "yes", ("yes", "no"))
    made = train([*ROWS, long], scorer=scorer, valid=0)
    assert made.about["left_out"] > 0
    assert not any("amm amm" in context for context, _ in scorer.asked)


def test_nothing_to_learn_is_told() -> None:
    class Deaf(CueScorer):
        def likelihood(self, context: str, text: str) -> float:
            return -1.0

    with pytest.raises(UserError, match="no row has candidates of which one is better"):
        train(scorer=Deaf())


def test_nothing_held_out_is_nothing_told() -> None:
    assert train(valid=0).held_out == {}


def test_a_model_is_tuned_to_the_same_bytes(tmp_path: Path) -> None:
    bert = save_bert(tmp_path / "bert", pooler=False)
    for name in ("a", "b"):
        made = train(rows(12), name=str(bert), candidates=4)
        made.save(tmp_path / name)
        torch.rand(3)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    found = encoder(str(tmp_path / "a"))
    assert found is not None
    texts = ["the cat 👍", "我喜欢猫"]
    assert found.encode(texts) == pytest.approx(made.encoder.encode(texts), abs=1e-6)
    base = encoder(str(bert))
    assert base is not None
    assert found.encode(texts) != pytest.approx(base.encode(texts), abs=1e-7)
    assert made.about["backbone"]["name"] == str(bert)
