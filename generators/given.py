"""Generator `given`: rows that were answered already, by whomever. Nobody is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from limbeck.errors import UserError
from limbeck.protocols import Out, Request, Teacher
from limbeck.record import Provenance, Record


@dataclass(frozen=True)
class Given:
    """Every seed with the answer that its row has (`completion`, `output`, `target`, or what an
    assistant said last), as a record; beside a completion the `target` is what it is held against.

    Raises UserError for a row without one, before any record is made. Of several answers to one
    prompt the seeds hold the first.
    """

    name: str = field(default="given", init=False)

    def total(self, seeds: Sequence[Record], /) -> int:
        return 0

    def requests(self, seeds: Iterable[Record], /) -> Iterator[Request]:
        return iter(())

    async def generate(self, seeds: Iterable[Record], teacher: Teacher, out: Out, /) -> None:
        made = [self._record(seed) for seed in seeds]
        for record in made:
            out.emit(record)

    def _record(self, seed: Record) -> Record:
        if seed.target is None:
            raise UserError(
                f"the row {' '.join(seed.prompt.split())[:60]!r} has no answer, and the generator "
                "given asks nobody for one: give it a completion, or set generate.generator to "
                "answers"
            )
        answered = seed.completion or seed.meta.get("answered")
        version = seed.provenance.prompt_version
        return Record(
            messages=seed.messages,
            completion=seed.completion if answered else seed.target,
            provenance=Provenance(self.name, prompt_version=version, parents=(seed.id,)),
            target=seed.target,
            meta={key: value for key, value in seed.meta.items() if key != "answered"},
            columns=seed.columns,
        )
