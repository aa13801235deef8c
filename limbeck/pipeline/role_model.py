"""The three models under evaluation: where they are, what tells them apart, how they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from limbeck.errors import StageError
from limbeck.ledger import Ledger
from limbeck.models import ModelName, fingerprint, parse_model
from limbeck.money import Meter, price_of
from limbeck.pipeline.context import Context, Role
from limbeck.recipe import TeacherSection
from limbeck.record import content_hash
from limbeck.teachers.connect import connect, identity

if TYPE_CHECKING:
    from limbeck.hf import Loaded
    from limbeck.teachers.recorded import Recorded

# Of base and student: log-probabilities of bfloat16 have two digits.
DTYPE: Literal["float32"] = "float32"


def name_of(context: Context, role: Role) -> ModelName:
    """Raises StageError where base and student are not there yet."""
    if role == "teacher":
        return parse_model(context.recipe.teacher.model)
    path = context.run.folder("train") / role
    if not path.is_dir():
        raise StageError(f"there is no {path}. Run: {context.command('train')}")
    return ModelName("path", str(path))


def fingerprint_of(context: Context, role: Role) -> str:
    """A hash of what answers in this role."""
    if role == "teacher":
        return content_hash(dict(identity(context.recipe.teacher)))
    return fingerprint(name_of(context, role))


def section_of(context: Context, role: Role) -> TeacherSection:
    """How the role is connected, as a recipe would say it."""
    if role == "teacher":
        return context.recipe.teacher
    size = context.recipe.eval.batch_size
    return TeacherSection(model=str(name_of(context, role)), dtype=DTYPE, batch_size=size)


def connect_role(context: Context, role: Role, ledger: Ledger) -> Recorded:
    """The role as a teacher, all its answers recorded: a run that was killed goes on, and items are
    scored again without asking. Nobody pays for base and student: they count in no run's budget.

    Raises UserError and its kinds: a missing key, a model that cannot be loaded.
    """
    section = section_of(context, role)
    if role == "teacher":
        return context.connect(ledger, Meter(price_of(section)))
    return connect(section, ledger)


def weights_of(teacher: Any) -> Loaded | None:
    """The weights behind a connected teacher; None for one that is not in this process."""
    while hasattr(teacher, "teacher"):
        teacher = teacher.teacher
    found: Loaded | None = getattr(teacher, "loaded", None)
    return found
