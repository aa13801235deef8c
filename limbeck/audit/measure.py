"""All numbers and findings of an audit, as the JSON that audit.json holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from limbeck.audit import counted, duplicates, nearest, verbs
from limbeck.audit.facts import facts_of
from limbeck.audit.findings.answers import self_consistency, wrong_answers
from limbeck.audit.findings.contamination import contamination, items_of
from limbeck.audit.findings.cost import expense
from limbeck.audit.findings.finding import LEVELS, TITLES, Finding
from limbeck.audit.findings.language import language
from limbeck.audit.findings.origin import licence, provenance
from limbeck.audit.findings.outputs import KEYS, flagged, unreadable
from limbeck.audit.findings.repeated import (
    Near,
    contradictions,
    duplicate_rows,
    near_duplicates,
    near_instructions,
    near_rows,
)
from limbeck.audit.findings.shape import diversity, lengths
from limbeck.audit.masking import without_pii
from limbeck.audit.measured import Measured, Options, Source
from limbeck.audit.spill import Instructions, Spill, Writer
from limbeck.audit.totals import Totals, originals
from limbeck.audit.words import is_english
from limbeck.audit.workers import Workers, cores, result
from limbeck.errors import DataError, MissingExtra, UserError
from limbeck.progress import Reporter
from limbeck.reading.forms import Row
from limbeck.text import squeezed

__all__ = ["PAPER", "SCHEMA", "Options", "Source", "measure"]

SCHEMA = "limbeck.audit/2"
BATCH = 1024  # rows that a worker looks at together
FEW = 16  # batches that are looked at without workers
NEAR = 100_000  # instructions, the first ones, of which each is compared with those before it
TAGGED = 10_000  # instructions whose verb and noun are looked for, about a millisecond each
_ENGLISH, _TAGGED = 16_384, 2500  # instructions to a part
PAPER: dict[str, Any] = {
    "instructions": 52_445,
    "instances": 82_439,
    "without_input": 35_878,
    "classification": 11_584,
    "words": {"instruction": 15.9, "input": 12.7, "output": 18.9},
    "top_share": 0.14,
}


def measure(
    source: Source,
    *,
    version: str,
    seeds: Sequence[str] | None = None,
    options: Options | None = None,
    against: Sequence[Path] = (),
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """The report on a source, without marks. `seeds` are the instructions it grew from, `version`
    is limbeck's, `against` are files of items that the rows should not hold. Of a dataset of
    instructions alone, what is about outputs is None.

    The rows are read once and put aside on the disk (`TMPDIR`), so memory grows with their number
    by some 200 bytes a row and not with their texts; where there are many, processes share the
    work. Raises DataError for a source without a single usable row and for a file of `against`
    that cannot be read, UserError where the disk is full.
    """
    options = options or Options()
    items_of(against)  # a file that cannot be read is told before hours of work, not after
    try:
        with TemporaryDirectory(prefix="limbeck-audit-") as folder:
            batches = _batches(source.rows())
            begun = list(islice(batches, FEW))
            if not begun:
                raise _no_rows(source)
            count = options.workers or (cores() if len(begun) == FEW else 1)
            writer = Writer(Path(folder) / "rows")
            with Workers(count) as workers:
                totals = _read(writer, chain(begun, batches), workers, reporter)
                spill = writer.done()
                try:
                    m = Measured(source, options, spill, totals, workers, source.answered, against)
                    return _report(m, version, seeds)
                finally:
                    spill.close()
    except OSError as error:
        raise UserError(
            f"cannot put the rows aside: {error.strerror or error}. Name a folder with room for "
            "all of them in TMPDIR"
        ) from error


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    every = iter(rows)
    while batch := list(islice(every, BATCH)):
        yield batch


def _read(
    writer: Writer, batches: Iterable[list[Row]], workers: Workers, reporter: Reporter | None
) -> Totals:
    totals = Totals()
    stage = nullcontext() if reporter is None else reporter.stage("audit", "rows")
    with stage as bar:

        def written() -> Iterator[tuple[Spill, int]]:
            for batch in batches:
                begin, end = writer.add(batch)
                yield writer.part(begin, end), begin

        for facts in workers.map(facts_of, written()):
            totals.add(facts)
            if bar is not None:
                bar.advance(len(facts.flags))
    return totals


def _no_rows(source: Source) -> DataError:
    first = f"; the first reason: {source.reasons[0]}" if source.reasons else ""
    return DataError(f"{source.name} has no row that can be audited{first}")


def _report(m: Measured, version: str, seeds: Sequence[str] | None) -> dict[str, Any]:
    totals, options = m.totals, m.options
    tokenizer, threshold = options.tokenizer, options.threshold
    distinct = Instructions(m.spill, totals.distinct)
    start = m.workers.start
    jobs: dict[str, Future[Any]] = {
        "near_rows": start(near_rows, m.spill, originals(totals.same_row)),
        "near_duplicates": start(
            duplicates.near, distinct.picked(range(min(NEAR, len(distinct)))), tokenizer, threshold
        ),
        "nearest_other": start(nearest.to_others, distinct, tokenizer, threshold),
    }
    if seeds:
        unique = list(dict.fromkeys(map(squeezed, seeds)))
        jobs["nearest_seed"] = start(nearest.to_seeds, distinct, unique, tokenizer, threshold)
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "limbeck_version": version,
        "name": m.source.name,
        "about": m.source.about,
        "columns": dict(m.source.columns),
        "not_read": list(m.source.left),
        "notes": list(m.source.notes),
        "options": options.to_json(),
        "unreadable": {
            "count": m.source.unreadable.total(),
            "reasons": list(m.source.reasons),
        },
        "counts": counted.counts(totals),
        "words": counted.lengths(totals, m.answered),
        "classification": counted.classification(totals, m.answered),
        "outputs": counted.outputs(totals) if m.answered else None,
        "scripts": counted.scripts(totals, m.answered),
        "duplicates": duplicates.exact(m.spill, totals),
        "contradictions": duplicates.contradictions(m.spill, totals),
        "nearest_seed": None,
        "marks": None,
    }
    findings = _findings_beside(m, report)
    report["verb_noun"] = _verbs(m, distinct)
    found: Near = result(jobs.pop("near_rows"))
    report |= {name: result(job) for name, job in jobs.items()}
    findings |= {
        "near_duplicates": near_duplicates(m, found),
        "near_instructions": near_instructions(m, report["near_duplicates"]),
        "diversity": diversity(m, report),
    }
    listed = [findings[key].to_json() for key in TITLES]
    levels = Counter(one["level"] for one in listed)
    report["levels"] = {level: levels[level] for level in LEVELS}
    report["findings"] = listed
    made: dict[str, Any] = without_pii(report)
    return made


def _findings_beside(m: Measured, report: dict[str, Any]) -> dict[str, Finding]:
    """The findings that need nothing of the long jobs."""
    found = {key: flagged(m, key) for key in KEYS}
    found["unreadable"] = unreadable(m)
    found["duplicates"] = duplicate_rows(m, report["duplicates"])
    found["contradictions"] = contradictions(m, report["contradictions"])
    found["lengths"] = lengths(m)
    found["licence"] = licence(m)
    found["provenance"] = provenance(m)
    found["language"] = language(m)
    found["wrong_answers"] = wrong_answers(m)
    found["self_consistency"] = self_consistency(m)
    found["cost"] = expense(m)
    found["contamination"] = contamination(m)
    return found


def _verbs(m: Measured, distinct: Instructions) -> dict[str, Any]:
    """Verb-noun diversity of the English instructions; `missing` says why there is none."""
    blocks = range(0, len(distinct), _ENGLISH)
    found = m.workers.map(english_of, ((distinct, at, at + _ENGLISH) for at in blocks))
    english = list(chain.from_iterable(found))
    counts = {"of": len(distinct), "english": len(english), "missing": ""}
    if not english:
        return counts | {"missing": "no instruction is in English"}
    among = distinct.picked(english)
    chosen = among.picked(nearest.drawn(among, TAGGED))
    blocks = range(0, len(chosen), _TAGGED)
    try:
        tagged = m.workers.map(tagged_of, ((chosen, at, at + _TAGGED) for at in blocks))
        return counts | verbs.diversity(chain.from_iterable(tagged))
    except MissingExtra as error:
        return counts | {"missing": str(error)}


def english_of(texts: Instructions, begin: int, end: int) -> list[int]:
    """The numbers of the English texts of a part."""
    return [place for place, text in enumerate(texts[begin:end], begin) if is_english(text)]


def tagged_of(texts: Instructions, begin: int, end: int) -> list[verbs.VerbNoun | None]:
    """The verbs and nouns of a part. Raises MissingExtra."""
    tagger = verbs.english_tagger()
    return [verbs.verb_noun(text, tagger) for text in texts[begin:end]]
