"""Template-disjoint splits of anybody's question files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from limbeck.errors import UserError
from limbeck.questions.affixes import asked
from limbeck.questions.masking import context, masked
from limbeck.record import content_hash
from limbeck.seeds import seeds_of
from limbeck.text import folded

Row = Mapping[str, Any]
By = Literal["context", "question"]
BY: tuple[By, ...] = ("context", "question")


def question_of(row: Row) -> str:
    """The question of a row: what the user says in any seed form, or what is under `question`.

    A system prompt is no part of it: it is often one for all rows.
    Raises KeyError, TypeError or ValueError for a row that has none.
    """
    text = row.get("question")
    if isinstance(text, str) and text.strip():
        return text
    seed = next(iter(seeds_of(row)))
    return "\n".join(message.content for message in seed.messages if message.role == "user")


def template_of(question: str, by: By) -> str:
    """The masked context, or the masked question where it is one sentence or `by` says so.

    Affixes and options are no part of it (`asked`). A question without words is its own template.
    """
    text = asked(question).question
    return (masked(context(text)) if by == "context" else "") or masked(text) or folded(question)


def joined_templates(templates: Sequence[str], questions: Sequence[str]) -> list[str]:
    """The templates of rows, where those that share a question are one: the first by alphabet.

    A question has two where rows name their own, or where case makes a name of a word ("paris").
    """
    above: dict[str, str] = {}

    def top(template: str) -> str:
        while (up := above.get(template, template)) != template:
            above[template] = above.get(up, up)  # so that no chain grows long
            template = up
        return template

    seen: dict[str, str] = {}
    for template, question in zip(templates, questions, strict=True):
        low, high = sorted((top(template), top(seen.setdefault(question, template))))
        above[high] = low
    return [top(template) for template in templates]


def split_by_template(
    rows: Sequence[Row],
    shares: Mapping[str, float],
    seed: int = 0,
    *,
    by: By = "context",
) -> dict[str, list[Row]]:
    """The rows in parts of about these shares; all rows of one template are in one part.

    The template is the masked text of all sentences but the last ("context": whatever is asked
    about one story belongs together), or of the whole question; a single sentence is its own
    context. Questions that differ in case only stay together. Rows keep their order. The largest
    templates are placed first, so that small ones even out the shares. Raises UserError for shares
    that are none, and for fewer templates than parts.
    """
    total = sum(shares.values())
    if not shares or min(shares.values()) <= 0:
        raise UserError(f"shares are numbers above 0, got {dict(shares)}")
    questions = [question_of(row) for row in rows]
    templates = joined_templates(
        [template_of(text, by) for text in questions], [folded(text) for text in questions]
    )
    groups: dict[str, list[int]] = {}
    for index, template in enumerate(templates):
        groups.setdefault(template, []).append(index)
    if len(groups) < len(shares):
        raise UserError(
            f"{len(rows)} rows come from {len(groups)} templates (by {by}): too few for "
            f"{len(shares)} parts"
        )
    placed: dict[str, list[int]] = {name: [] for name in shares}
    order = sorted(groups, key=lambda mask: (-len(groups[mask]), content_hash([seed, mask])))
    for left, mask in zip(range(len(order), 0, -1), order, strict=True):
        empty = [name for name in shares if not placed[name]]
        # No part stays empty: when as many groups are left as parts are empty, each gets one.
        open_to = empty if len(empty) >= left else list(shares)
        needy = max(open_to, key=lambda name: shares[name] / total * len(rows) - len(placed[name]))
        placed[needy] += groups[mask]
    return {name: [rows[index] for index in sorted(found)] for name, found in placed.items()}
