"""Can a classifier tell a model's answers from the teacher's? (Lopez-Paz and Oquab 2017)

Logistic regression on hashed character n-grams. Its folds hold whole prompts: of two answers to one
prompt, one learned as the teacher's would make the other seem the teacher's too, and two equal
models would have an AUC far below 0.5. Scores are compared within a fold only: there the two
answers of a prompt could change places whatever the classifier has learned, so that the mean over
samples of two equal models is 0.5 exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from limbeck.evals.style.features import Floats
from limbeck.wilson import wilson

BITS = 13  # of a hash: 8,192 columns
LONGEST = 4  # characters of an n-gram
FOLDS = 5
LEAST = 10  # prompts
MOST = 400  # prompts; more would cost seconds and tell the same
MOST_CHARS = 8_000
PENALTY = 0.1
STEPS = 25
_PRIME = np.uint64(0x100000001B3)
_ODD = np.uint64(0x9E3779B97F4A7C15)


def two_sample(
    texts: Mapping[str, Sequence[str]], *, seed: int = 0, against: str = "teacher"
) -> dict[str, dict[str, float] | None]:
    """For each other role the AUC of its answers against the teacher's, with a 95% interval over
    prompts: 1 is told apart, 0.5 is not. All have an answer for each of the same prompts; None for
    fewer than 10 prompts."""
    n = len(texts[against])
    others = [role for role in texts if role != against]
    if n < LEAST:
        return dict.fromkeys(others)
    order = np.random.default_rng(seed).permutation(n)[:MOST]
    vectors = {role: hashed([several[at] for at in order]) for role, several in texts.items()}
    teacher = vectors[against]
    of_teacher = teacher @ teacher.T
    return {role: _told_apart(vectors[role], teacher, of_teacher) for role in others}


def hashed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Character n-grams of 1 to 4, each text a line of length 1 (n, 8192): logs of 1 + counts. The
    same on every machine."""
    lines = np.zeros((len(texts), 1 << BITS), np.float32)
    for line, text in zip(lines, texts, strict=True):
        raw = text[:MOST_CHARS].encode("utf-32-le", "surrogatepass")
        codes = np.frombuffer(raw, np.uint32).astype(np.uint64)
        grams = codes
        for size in range(1, LONGEST + 1):
            if len(codes) < size:
                break
            if size > 1:
                grams = grams[:-1] * _PRIME + codes[size - 1 :]
            places = ((grams + np.uint64(size)) * _ODD) >> np.uint64(64 - BITS)
            line += np.log1p(np.bincount(places.astype(np.int64), minlength=1 << BITS))
        line /= max(float(np.linalg.norm(line)), 1e-9)
    return lines


def _told_apart(
    model: NDArray[np.float32], teacher: NDArray[np.float32], of_teacher: NDArray[np.float32]
) -> dict[str, float]:
    n = len(model)
    cross = model @ teacher.T
    kernel = np.block([[model @ model.T, cross], [cross.T, of_teacher]]).astype(np.float64) + 1
    label = np.repeat([1.0, 0.0], n)
    parts = np.empty(n)
    for fold in range(FOLDS):
        judged = np.arange(n) % FOLDS == fold  # the prompts are in a drawn order
        rest, asked = np.tile(~judged, 2), np.tile(judged, 2)
        weights = fitted(kernel[np.ix_(rest, rest)], label[rest])
        scores = kernel[np.ix_(asked, rest)] @ weights
        parts[judged] = _parts(*np.split(scores, 2))
    return _interval(parts)


def fitted(kernel: Floats, label: Floats) -> Floats:
    """Kernel logistic regression with an L2 penalty: weights (m,) of rows with labels 0 and 1, by
    Newton's method (Zhu and Hastie 2005)."""
    scores: Floats = np.zeros(len(label))
    weights: Floats = np.zeros(len(label))
    for _ in range(STEPS):
        share = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
        curve = np.maximum(share * (1 - share), 1e-6)
        target = scores + (label - share) / curve
        weights = np.linalg.solve(kernel + np.diag(PENALTY / curve), target).astype(np.float64)
        moved: Floats = kernel @ weights - scores
        scores = scores + moved
        if np.abs(moved).max() < 1e-4:
            break
    return weights


def _parts(ones: Floats, zeros: Floats) -> Floats:
    """What each prompt of a fold adds to its AUC (m,): their mean is the AUC, and their variance
    that of prompts drawn anew (the structural components of DeLong 1988, of a prompt's two answers
    together: Obuchowski 1997)."""
    above = (ones[:, None] > zeros).astype(np.float64) + 0.5 * (ones[:, None] == zeros)
    parts: Floats = above.mean(axis=1) + above.mean(axis=0) - above.mean()
    return parts


def _interval(parts: Floats) -> dict[str, float]:
    """Wilson's interval with the number of independent prompts that has this variance (Korn and
    Graubard 1998): within 0 and 1, and no point where everything was told apart.

    The variance is that of Nadeau and Bengio (2003), 1/k + test/training prompts in place of 1/k:
    the classifiers of k folds share most of their prompts, and without it an interval of 95% holds
    83% to 88% (two equal models, 40 and 100 prompts, 120 simulations each).
    """
    n = len(parts)
    value = min(1.0, max(0.0, float(parts.mean())))
    variance = float(parts.var(ddof=1)) / n * (1 + FOLDS / (FOLDS - 1))
    binomial = value * (1 - value)
    effective = binomial / variance if variance > 1e-12 and binomial > 1e-12 else float(n)
    low, high = wilson(value * effective, effective)
    return {"value": round(value, 10), "low": round(low, 10), "high": round(high, 10)}
