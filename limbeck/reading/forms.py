"""One row of a dataset, in any of the forms that people have, as instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from limbeck.reading.aliases import plain
from limbeck.reading.chat import Asked, Turn, asked_of, joined, told, turns_of
from limbeck.reading.choice import best_scored, by_number, lettered, options_of
from limbeck.reading.history import earlier
from limbeck.reading.plan import Naming, Plan, plan_of
from limbeck.reading.row import Read, Row, row_id
from limbeck.reading.special import batch_rows, is_batch, is_record, record_row
from limbeck.reading.templates import Template
from limbeck.reading.unreadable import Unreadable, shown
from limbeck.reading.values import (
    classified,
    empty_instruction,
    input_text,
    no_instruction,
    not_text,
    number_text,
    output_text,
    short_text,
)

__all__ = ["Read", "Reader", "Row", "read_row"]

CELL = 64 << 20
_MOST_PLANS = 1000


class Reader:
    """Reads rows by one naming of columns. `texts` are the columns that held nothing but text in
    the first rows: a number there is no label but a change of type."""

    def __init__(
        self,
        naming: Naming | None = None,
        *,
        template: Template | None = None,
        texts: frozenset[str] = frozenset(),
    ) -> None:
        self._naming = naming or Naming()
        self._template = template
        self._texts = texts
        self._plans: dict[tuple[Any, ...], Plan] = {}

    def plan(self, raw: Mapping[str, Any]) -> Plan:
        names = tuple(raw)
        absent = tuple(name for name in names if raw[name] is None)
        plan = self._plans.get((names, absent))
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            present = [name for name in names if raw[name] is not None]
            plan = self._plans[names, absent] = plan_of(present, absent, self._naming)
        return plan

    def read(self, raw: Mapping[str, Any], place: int) -> Read:
        """Raises Unreadable for a row that cannot be used."""
        if is_batch(raw):
            found = batch_rows(raw, place)
            if found is not None:
                return found
        if is_record(raw):
            return record_row(raw, place)
        plan = self.plan(raw)
        if plan.missing:
            raise Unreadable("missing_column", f"the column {plan.missing!r} is not in the row")
        if plan.messages is not None:
            return self._chat(raw, plan, place)
        if plan.text is not None and plan.asked is None:
            return self._plain(raw, plan, place)
        if plan.asked is None:
            if plan.said is None:
                raise no_instruction(raw)
            return self._rows(raw, plan, "", "", place, plan.form)
        if plan.instances:
            return self._instances(raw, plan, place)
        asked = raw[plan.asked]
        if type(asked) is not str:
            return self._unusual(asked, raw, plan, place)
        if not asked or asked.isspace():
            raise empty_instruction(plan.asked, asked)
        given = None if plan.given is None else raw[plan.given]
        if type(given) is dict and plan.given is not None:
            raise not_text(plan.given, given)
        given = input_text(given, plan.given)
        if plan.history is not None:
            turns = earlier(raw[plan.history], plan.history)
            if turns:
                return self._after(turns, joined(asked, given), raw, plan, place)
        return self._rows(raw, plan, asked, given, place, plan.form)

    def _after(
        self, turns: list[Turn], asked: str, raw: Mapping[str, Any], plan: Plan, place: int
    ) -> Read:
        """A chat, of which `asked` is the last turn, as `_chat` would read it."""
        form = f"{plan.form}, with its {plan.history}"
        read = self._rows(raw, plan, asked, told(turns), place, form)
        read.turns = (*turns, ("user", asked))
        return read

    def _rows(
        self, raw: Mapping[str, Any], plan: Plan, asked: str, given: str, place: int, form: str
    ) -> Read:
        value = None if plan.said is None else raw[plan.said]
        if type(value) is str and not plan.options and "A" not in raw:
            row = self._row(raw, plan, ("", asked, given, value), (), place)
            return Read(form, [row], True)
        options, labels = self._options(raw, plan)
        if isinstance(value, list | tuple) and plan.said is not None:
            if value and all(isinstance(one, Mapping) for one in value) and plan.said:
                return self._halves(asked, value, raw, plan, place)
            if plan.several:
                said = [output_text(one, plan.said) for one in value]
                rows = [
                    self._row(raw, plan, ("", asked, given, one), options, place) for one in said
                ]
                if rows:
                    return Read(f"{form} (a row for each)", rows, True)
                value = None
        if value is not None and plan.said is not None:
            if plan.said in self._texts and not isinstance(value, str):
                says = f"{plan.said} held text in the first rows and holds {shown(value)} here"
                raise Unreadable("type_changed", says)
            value = by_number(value, options, labels)
        texts = ("", asked, given, output_text(value, plan.said or "output"))
        return Read(form, [self._row(raw, plan, texts, options, place)], value is not None)

    def _row(
        self,
        raw: Mapping[str, Any],
        plan: Plan,
        texts: tuple[str, str, str, str],
        options: tuple[str, ...],
        place: int,
    ) -> Row:
        system, asked, given, said = texts
        fields = {role: short_text(raw[name]) for role, name in plan.rest}
        for role, name in plan.rest:
            if role in self._naming.named and not fields[role] and raw[name] not in (None, ""):
                raise not_text(name, raw[name])
        name = row_id(system, asked, given, said)  # a system column is no part of it
        system = "\n".join(filter(None, (fields.pop("system", ""), system)))
        if len(asked) + len(given) + len(said) > CELL:
            longest = max(len(one) for one in texts)
            if longest > CELL:
                says = f"a cell has {longest:,} characters, more than {CELL:,}"
                raise Unreadable("cell_too_long", says)
        if options and not fields.get("kind"):
            fields["kind"] = "choice"
        kind = plan.columns.get("classification")
        of = None if kind is None else raw[kind]
        is_task = None if of is None else classified(of)
        if of is not None and is_task is None and "classification" in self._naming.named:
            says = f"{kind} says neither classification nor generation: {shown(of)}"
            raise Unreadable("odd_shape", says)
        return Row(
            name,
            asked,
            given,
            said,
            system=system,
            finish_reason=fields.pop("finish_reason", "") or "stop",
            classification=is_task,
            place=place,
            target=self._target(raw, plan, options),
            options=options,
            **fields,
        )

    def _target(self, raw: Mapping[str, Any], plan: Plan, options: tuple[str, ...]) -> str | None:
        if plan.target is None:
            return best_scored(raw[plan.options]) if plan.options else None
        value = raw[plan.target]
        if isinstance(value, Mapping):  # SQuAD's answers
            value = value.get("text", value.get("value"))
        if isinstance(value, list | tuple):
            value = value[0] if value else None
        if value is None or (isinstance(value, bool) and plain(plan.target) == "correct"):
            return None
        labels = self._options(raw, plan)[1] if options else ()
        value = by_number(value, options, labels)
        if not isinstance(value, str | int | float):
            raise not_text(plan.target, value)
        return number_text(value, plan.target) if not isinstance(value, str) else value or None

    def _options(
        self, raw: Mapping[str, Any], plan: Plan
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if plan.options is None:
            return lettered(raw), ()
        found = options_of(raw[plan.options])
        if not found[0] and "options" in self._naming.named and raw[plan.options] is not None:
            says = f"{plan.options} holds no options: {shown(raw[plan.options])}"
            raise Unreadable("odd_shape", says)
        return found

    def _chat(self, raw: Mapping[str, Any], plan: Plan, place: int) -> Read:
        chat = asked_of(turns_of(raw[plan.messages or ""]))
        said = chat.said
        if plan.said is not None and (
            said is None or "output" in self._naming.named or plain(plan.said) == "completion"
        ):
            value = raw[plan.said]
            if plan.several and isinstance(value, list | tuple):
                return self._paths(raw, plan, chat, value, place)
            said = output_text(value, plan.said)
        elif said is None and plan.target is not None and "target" not in self._naming.named:
            # What seeds say: the answer that a chat has already is called its target, too.
            said, plan = self._target(raw, plan, ()), replace(plan, target=None)
        return self._said(raw, plan, chat, said, place, plan.form)

    def _paths(
        self, raw: Mapping[str, Any], plan: Plan, chat: Asked, values: Sequence[Any], place: int
    ) -> Read:
        read = self._said(raw, plan, chat, None, place, f"{plan.form} (a row for each)")
        said = [output_text(value, plan.said or "output") for value in values]
        options, _ = self._options(raw, plan)
        texts = (chat.system, chat.instruction, chat.input)
        rows = [self._row(raw, plan, (*texts, one), options, place) for one in said]
        return Read(read.form, rows or read.rows, bool(rows), read.turns)

    def _said(
        self,
        raw: Mapping[str, Any],
        plan: Plan,
        chat: Asked,
        said: str | None,
        place: int,
        form: str,
    ) -> Read:
        if not chat.instruction.strip():
            raise Unreadable("empty_instruction", "the user turn is empty")
        options, _ = self._options(raw, plan)
        texts = (chat.system, chat.instruction, chat.input, said or "")
        row = self._row(raw, plan, texts, options, place)
        return Read(form, [row], said is not None, chat.before)

    def _halves(
        self, asked: Any, said: Any, raw: Mapping[str, Any], plan: Plan, place: int
    ) -> Read:
        """A chat in two parts: the prompt's turns, or its text, and the output's turns, or text."""
        before = [("user", asked)] if isinstance(asked, str) else turns_of(asked)
        if isinstance(said, str | None):
            behind = [] if said is None else [("assistant", said)]
        else:
            behind = turns_of(said)
        if any(role == "user" for role, _ in behind):
            before = []  # a chosen chat has its prompt in it
        chat = asked_of([*before, *behind])
        return self._said(raw, plan, chat, chat.said, place, f"chat {plan.form}")

    def _unusual(self, asked: Any, raw: Mapping[str, Any], plan: Plan, place: int) -> Read:
        name = plan.asked or ""
        if isinstance(asked, list | tuple) and asked and isinstance(asked[0], str):
            if not asked[0].strip():
                raise Unreadable("empty_instruction", f"the first of {name} is empty")
            form = f"the first of {plan.form}" if len(asked) > 1 else plan.form
            return self._rows(raw, plan, asked[0], "", place, form)
        if isinstance(asked, list | tuple):
            return self._halves(asked, raw[plan.said] if plan.said else None, raw, plan, place)
        if isinstance(asked, Mapping) and isinstance(asked.get("stem"), str):
            flat = {**raw, name: asked["stem"], "choices": asked.get("choices")}
            return self.read(flat, place)
        raise not_text(name, asked)

    def _instances(self, raw: Mapping[str, Any], plan: Plan, place: int) -> Read:
        asked, instances = raw["instruction"], raw["instances"]
        if not isinstance(asked, str) or not asked.strip():
            raise empty_instruction("instruction", asked)
        if not isinstance(instances, list) or not all(isinstance(i, Mapping) for i in instances):
            raise Unreadable(
                "not_text", "messages, conversations and instances are lists of objects"
            )
        if not instances:
            raise Unreadable("no_instances", "instances is empty")
        rows, answered = [], False
        for one in instances:
            given, output = input_text(one.get("input"), "input"), one.get("output")
            answered |= output is not None
            texts = ("", asked, given, output_text(output, "output"))
            rows.append(self._row(raw, plan, texts, (), place))
        return Read(plan.form, rows, answered)

    def _plain(self, raw: Mapping[str, Any], plan: Plan, place: int) -> Read:
        text = raw[plan.text or ""]
        if not isinstance(text, str):
            raise not_text(plan.text or "", text)
        if self._template is None:
            row = self._row(raw, plan, ("", "", "", text), (), place)
            return Read(plan.form, [row], True)
        parts = self._template.parts(text)
        if parts is None:
            says = f"the text is not {self._template.name} as in the first rows"
            raise Unreadable("no_template", says)
        row = self._row(raw, plan, parts, (), place)
        return Read(f"{plan.text}, split at {self._template.name}", [row], True)


_PLAIN = Reader()


def read_row(raw: Mapping[str, Any], place: int) -> Read:
    """A row by the names that people use. Raises Unreadable, a ValueError."""
    return _PLAIN.read(raw, place)
