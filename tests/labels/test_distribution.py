"""The value object: what it refuses, what it tells, and that it survives a record."""

from __future__ import annotations

import json
import math
import pickle
from typing import Any

import pytest

from limbeck.labels.distribution import LabelDistribution
from limbeck.record import Record
from limbeck.testing import record


def made(probabilities: dict[str, float] | None = None, **changes: Any) -> LabelDistribution:
    p = probabilities or {"oui": 0.75, "non": 0.25}
    fields: dict[str, Any] = {
        "probabilities": p,
        "method": "top_logprobs",
        "n": 1,
        "observed_mass": 0.95,
        "lower": {label: value / 2 for label, value in p.items()},
        "upper": {label: (1 + value) / 2 for label, value in p.items()},
        "invalid_rate": 0.04,
    }
    return LabelDistribution(**fields | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "guessed"}, "method must be one of exact, top_logprobs"),
        ({"n": -1}, "n must be a count"),
        ({"n": 1.5}, "n must be a count"),
        ({"observed_mass": 1.01}, "observed_mass must be from 0 to 1"),
        ({"invalid_rate": math.nan}, "invalid_rate must be from 0 to 1"),
        ({"probabilities": {"oui": 1.0}}, "at least two labels"),
        ({"probabilities": {"oui": 0.5, "non": 0.4}}, "must sum to 1"),
        ({"probabilities": {"oui": math.inf, "non": 0.4}}, "must be from 0 to 1"),
        ({"probabilities": {"oui": math.nan, "non": 0.4}}, "must be from 0 to 1"),
        ({"lower": {"non": 0.1, "oui": 0.1}}, "must map the labels"),
        ({"upper": {"oui": 0.1}}, "must map the labels"),
        ({"lower": {"oui": 0.8, "non": 0.1}}, "outside its bounds"),
        ({"upper": {"oui": 0.7, "non": 0.3}}, "outside its bounds"),
        ({"frequencies": {"oui": 0.7, "non": 0.2}}, "frequencies must sum to 1"),
        ({"detail": {"k": math.nan}}, "JSON compliant"),
    ],
)
def test_what_is_no_distribution_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(**changes)


def test_a_probability_is_never_0_and_a_frequency_may_be() -> None:
    with pytest.raises(ValueError, match=r"\['non'\] is 0"):
        made({"oui": 1.0, "non": 0.0})
    assert made(frequencies={"oui": 1.0, "non": 0.0}).targets() == {"oui": 1.0, "non": 0.0}


def test_what_it_tells() -> None:
    found = made({"积极": 0.5, "消极": 0.125, "中性": 0.375})
    assert (found.label, found.labels) == ("积极", ("积极", "消极", "中性"))
    assert found.margin == 0.125
    by_hand = 0.5 * math.log(2) + 0.125 * math.log(8) + 0.375 * math.log(8 / 3)
    assert found.entropy == pytest.approx(by_hand)


def test_of_equally_likely_labels_the_first_of_the_options_is_the_label() -> None:
    assert made({"b": 0.4, "a": 0.4, "c": 0.2}).label == "b"


def test_it_is_settled_only_where_no_other_label_can_be_the_likeliest() -> None:
    lower, upper = {"oui": 0.6, "non": 0.1}, {"oui": 0.9, "non": 0.5}
    assert made(lower=lower, upper=upper).settled
    assert not made(lower=lower, upper=upper | {"non": 0.6}).settled


def test_little_mass_is_good_for_a_hard_label_only() -> None:
    found = made(observed_mass=0.62)
    assert found.why_hard() == (
        "0.62 of what the teacher says was seen on labels, and soft targets need 0.9"
    )
    assert not found.is_soft()
    assert found.targets() == {"oui": 1.0, "non": 0.0}
    assert found.is_soft(min_mass=0.6)
    assert found.targets(min_mass=0.6) == {"oui": 0.75, "non": 0.25}
    assert made(observed_mass=0.9).is_soft()


def test_no_mass_at_all_is_good_for_nothing() -> None:
    found = made(observed_mass=0.0)
    assert "nothing that the teacher said is a label" in found.why_unusable()
    with pytest.raises(ValueError, match="there is no target"):
        found.targets()
    assert made().why_unusable() == ""


def test_it_can_be_made_hard_and_keeps_the_first_reason() -> None:
    found = made().hard("two labels look alike").hard("another reason")
    assert found.why_hard() == found.why_hard(0.0) == "two labels look alike"
    assert found.targets() == {"oui": 1.0, "non": 0.0}
    assert found.probabilities == made().probabilities
    with pytest.raises(ValueError, match="for a reason"):
        made().hard("")


def test_it_is_read_only() -> None:
    given = {"oui": 0.75, "non": 0.25}
    found = made(given)
    given["oui"] = 0.0
    assert found.probabilities["oui"] == 0.75
    with pytest.raises(TypeError):
        found.probabilities["oui"] = 1.0  # type: ignore[index]


FULL = made(
    {"はい": 1 / 3, "いいえ": 2 / 3},
    frequencies={"はい": 0.0, "いいえ": 1.0},
    detail={"k": 5, "ambiguous": {" é": 0.1}, "counts": (0, 4), "unseen": ["はい"]},
).hard("so")


@pytest.mark.parametrize("found", [made(), FULL])
def test_it_survives_json_a_record_and_a_pickle(found: LabelDistribution) -> None:
    assert LabelDistribution.of_json(found.to_json()) == found
    assert LabelDistribution.of_json(json.loads(json.dumps(found.to_json()))) == found
    row = record("x", label_distribution=found.to_json()).to_json()
    kept = Record.from_json(json.loads(json.dumps(row, sort_keys=True)))
    back = LabelDistribution.of_json(kept.meta["label_distribution"])
    assert back == found
    assert back.labels == found.labels  # sorted keys do not touch the order
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    "change",
    [{"labels": ["a"]}, {"labels": ["a", "a"]}, {"method": "x"}, {"lower": 3}, {"n": None}],
)
def test_what_it_did_not_write_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="this is no label distribution"):
        LabelDistribution.of_json(made().to_json() | change)
    with pytest.raises(ValueError, match="this is no label distribution"):
        LabelDistribution.of_json({"labels": ["a", "b"]})


def test_labels_can_be_renamed_and_reordered() -> None:
    found = made(frequencies={"oui": 1.0, "non": 0.0})
    new = found.relabelled({"no": "non", "yes": "oui"})
    assert dict(new.probabilities) == {"no": 0.25, "yes": 0.75}
    assert new.labels == ("no", "yes")
    assert new.frequencies == {"no": 0.0, "yes": 1.0}
    assert (new.lower["yes"], new.upper["no"]) == (found.lower["oui"], found.upper["non"])
    with pytest.raises(ValueError, match="cannot be named"):
        found.relabelled({"no": "non", "yes": "non"})
