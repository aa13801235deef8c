"""Which items vary together."""

from __future__ import annotations

import pytest

from limbeck.evals.statistics.clusters import clusters_of


@pytest.mark.parametrize(
    ("templates", "sizes"),
    [
        (["a", "a", "b", "b"], [2, 2]),
        (["a", "a", "b", "b", None], [2, 2, 1]),
        (["a", "a", None, "", None], [2, 1, 1, 1]),
        (["0", "0", None], [2, 1]),
        (["item 2", "item 2", None], [2, 1]),
        ([None, None, None], None),
        (["a", "b", "c"], None),
        (["a", "a", "a"], None),
        ([], None),
    ],
)
def test_an_item_without_a_template_is_a_cluster_of_its_own(
    templates: list[str | None], sizes: list[int] | None
) -> None:
    items = [{"prompt": "p"} | ({"cluster": t} if t is not None else {}) for t in templates]
    found = clusters_of(items, "dates")
    counts = None if found is None else [found.count(name) for name in dict.fromkeys(found)]
    assert counts == sizes


def test_completions_of_one_prompt_vary_together() -> None:
    items = [{"prompt": prompt, "cluster": "t"} for prompt in ("p", "p", "q")]
    found = clusters_of(items, "imitation_nll")
    assert found is not None
    assert found[0] == found[1] != found[2]
    assert len(set(clusters_of(items[:2], "imitation_nll") or [])) == 1
    assert clusters_of(items[1:], "imitation_nll") is None
