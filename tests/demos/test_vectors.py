"""Cosines of texts: normalised, equal for equals, and nobody their own neighbour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from limbeck.demos.vectors import Vectors
from limbeck.errors import UserError
from tests.demos.pools import Given, angles


class Noisy:
    """An encoder whose vectors change with the place in the batch, as kernels do."""

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        turned = 0.3 + 0.1 * np.arange(len(texts))
        return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def test_lengths_do_not_matter() -> None:
    """An inner product of vectors as they come would choose `long`."""
    encoder = Given({"long": (30, 40), "right": (0, 0.01), "zero": (0, 0), "q": (0, 1e20)})
    vectors = Vectors(["long", "right", "zero"], encoder)
    assert vectors.cosines("q").tolist() == [0.8, 1.0, 0.0]


def test_equal_texts_are_equally_similar() -> None:
    cosines = Vectors(["a", "b", "a", "c", "a"], Noisy()).cosines("q")
    assert cosines[0] == cosines[2] == cosines[4] != cosines[1]
    between = Vectors(["a", "b", "a"], Noisy()).between(np.array([2, 1, 0]))
    c = np.cos(0.1)
    assert between == pytest.approx(np.array([[1, c, 1], [c, 1, c], [1, c, 1]]), abs=1e-6)
    assert between[0].tolist() == between[2].tolist()


def test_cosines_between_texts() -> None:
    vectors = Vectors(["a", "b", "c"], angles(a=0, b=60, c=90))
    c = np.sqrt(3) / 2
    expected = np.array([[1, 0, c], [0, 1, 0.5], [c, 0.5, 1]])
    assert vectors.between(np.array([2, 0, 1])) == pytest.approx(expected, abs=1e-6)


def test_neighbours_are_the_nearest_others() -> None:
    texts = ["a", "b", "a", "c", "d", "a"]
    found = Vectors(texts, angles(a=0, b=10, c=40, d=45)).neighbours(2)
    assert found.tolist() == [[2, 5], [0, 2], [0, 5], [1, 4], [1, 3], [0, 2]]


@pytest.mark.parametrize("count", [1, 3, 7])
def test_neighbours_by_sorting(count: int) -> None:
    numbers = np.random.default_rng(count).normal(size=(600, 3))
    rows = {str(n): row.tolist() for n, row in enumerate(numbers)}
    found = Vectors(list(rows), Given(rows)).neighbours(count)
    unit = numbers / np.linalg.norm(numbers, axis=1, keepdims=True)
    cosines = unit @ unit.T
    for place, near in enumerate(found.tolist()):
        others = [n for n in range(600) if n != place]
        least = sorted(cosines[place, others])[-count]
        assert place not in near
        assert len(set(near)) == count
        assert (cosines[place, near] > least - 2e-6).all()


@pytest.mark.parametrize(
    ("size", "count", "shape"), [(0, 3, (0, 0)), (1, 3, (1, 0)), (3, 9, (3, 2))]
)
def test_there_are_no_more_neighbours_than_others(
    size: int, count: int, shape: tuple[int, int]
) -> None:
    texts = list("abc")[:size]
    assert Vectors(texts, angles(a=0, b=1, c=2)).neighbours(count).shape == shape


@pytest.mark.parametrize(
    ("vectors", "reason"),
    [
        ({"a": (1, 0), "b": (np.nan, 1)}, "NaN or infinity for 'b'"),
        ({"a": (1, np.inf), "b": (1, 1)}, "NaN or infinity for 'a'"),
    ],
)
def test_numbers_that_are_none_are_refused(
    vectors: dict[str, Sequence[float]], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        Vectors(["a", "b"], Given(vectors))


def test_an_encoder_of_another_shape_is_refused() -> None:
    class Flat:
        def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
            return np.zeros(len(texts), np.float32)

    class Short:
        def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
            return np.zeros((1, len(texts)), np.float32)

    with pytest.raises(UserError, match=r"for 2 it gave an array of shape \(2,\)"):
        Vectors(["a", "b"], Flat())
    with pytest.raises(UserError, match=r"for 2 it gave an array of shape \(1, 2\)"):
        Vectors(["a", "b"], Short())
    with pytest.raises(UserError, match="vectors of 2 numbers for the pool and of 3 for the query"):
        Vectors(["a"], Given({"a": (1, 0), "q": (1, 0, 0)})).cosines("q")
