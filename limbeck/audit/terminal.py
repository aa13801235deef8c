"""An audit on a terminal: the numbers in three aligned columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.audit.measure import PAPER
from limbeck.audit.tables import PAPER_NAME, lengths, outputs, quality, share, size, verb_note
from limbeck.evals.pages.wording import count, fixed


def compact(report: Mapping[str, Any]) -> list[str]:
    """What a terminal shows: how the data was read, and the numbers in three aligned columns."""
    same, near = report["duplicates"], report["near_duplicates"]
    rows = [("", "here", PAPER_NAME), *((*row, "")[:3] for row in size(report).rows)]
    rows += [(f"Words of {row[0].lower()}, mean", row[1], row[-1]) for row in lengths(report).rows]
    wanting = outputs(report)
    if wanting is not None:
        rows += [(f"Outputs: {name}", n, "") for name, n, _ in wanting.rows if n != "0"]
    rows += [
        ("Rows equal to an earlier one", f"{count(same['rows'])} ({share(same['share'])})", ""),
        (
            f"Instructions above ROUGE-L {near['threshold']:g}",
            f"{count(near['instructions'])} ({share(near['share'])})",
            "0.0%",
        ),
    ]
    if wanting is not None:
        rows.append(
            ("Questions with conflicting answers", count(report["contradictions"]["short"]), "")
        )
    if report["nearest_seed"]:
        rows.append(("Nearest seed, mean ROUGE-L", fixed(report["nearest_seed"]["mean"], 2), ""))
    verbs_found = report["verb_noun"]
    if not verbs_found["missing"]:
        rows.append(("Verb-noun pairs, distinct", count(verbs_found["distinct_pairs"]), ""))
        top = share(verbs_found["top_share"]), share(PAPER["top_share"])
        rows.append(("Share of the commonest pairs", *top))
    table = quality(report)
    if table is not None:
        rows += [(name, here, paper) for name, here, _, paper in table.rows]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c}".rstrip() for a, b, c in rows]
    lines = [f"{report['name']}: {report['about']}", "", *lines]
    notes = [verb_note(report)] if verbs_found["missing"] else []
    notes += [] if table is None else [table.note]
    return [*lines, "", *notes] if notes else lines
