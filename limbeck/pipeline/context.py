"""What every stage is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from limbeck.commands import command
from limbeck.ledger import Ledger
from limbeck.money import Meter
from limbeck.progress import Reporter
from limbeck.recipe import Recipe, TeacherSection
from limbeck.rundir import RunDir

if TYPE_CHECKING:
    from limbeck.teachers.recorded import Recorded

OnCall = Callable[[], None]
Role = Literal["base", "student", "teacher"]


@dataclass(frozen=True, slots=True)
class Context:
    """The run folder, where to report, and which ledger file (None is the user's own).

    With `fresh` records that were made otherwise are overwritten.
    `ask_again` names the reasons for which calls of the teacher are made again (limbeck retry).
    `workers` are the processes that judge records: None is one a core where they are worth it.
    With `accounts` the stage generate also writes which replies it used, for who adds up what
    several runs cost. `beside` are other models that are paid from the recipe's budget in the name
    of this run.
    """

    run: RunDir
    reporter: Reporter
    ledger: Path | None = None
    ask_again: frozenset[str] = frozenset()
    workers: int | None = None
    accounts: bool = False
    beside: tuple[TeacherSection, ...] = ()
    fresh: bool = False

    @property
    def recipe(self) -> Recipe:
        return self.run.recipe

    def command(self, verb: str, *more: str) -> str:
        """The command that does so to this run, with its ledger."""
        return command(*verb.split(), self.run.path, *more, ledger=self.ledger)

    def connect(
        self,
        ledger: Ledger,
        meter: Meter,
        on_call: OnCall | None = None,
        *,
        keep_failures: bool = False,
    ) -> Recorded:
        """The recipe's teacher, paid from the recipe's budget in the name of this run."""
        from limbeck.teachers import connect
        from limbeck.teachers.connect import in_the_clear

        if warning := in_the_clear(self.recipe.teacher):
            self.reporter.say(f"teacher: {warning}")
        return connect(
            self.recipe.teacher,
            ledger,
            meter=meter,
            on_call=on_call,
            budget=self.recipe.budget,
            run=self.run.id,
            ask_again=self.ask_again,
            keep_failures=keep_failures,
            beside=self.beside,
        )
