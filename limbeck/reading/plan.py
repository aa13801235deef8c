"""Plan: which column of a row is read as what. Made once for each set of columns that rows have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from limbeck.reading.aliases import PLURAL, ROLES, plain

_CHOSEN = " (rejected is left out)"
_INSTANCES = "instruction, instances"
_REFERENCES = ("answer", "target", "solution", "chosen")  # beside a chat
_SIMPLE = ("system", "kind", "model", "licence", "origin", "template", "finish_reason")


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns by role. `form` is what people read: "question, context, answer"."""

    columns: Mapping[str, str]
    form: str
    asked: str | None = None
    given: str | None = None
    said: str | None = None
    target: str | None = None
    messages: str | None = None
    history: str | None = None  # turns before what is asked
    text: str | None = None
    options: str | None = None
    several: bool = False  # the output may be a list, a path each
    rest: tuple[tuple[str, str], ...] = ()  # (field of Row, column) of what is taken as it is
    instances: bool = False  # Self-Instruct's: inputs and outputs in a list
    missing: str = ""  # a column that the user named and the row has not

    @property
    def read(self) -> dict[str, str | None]:
        """The column that is really read as each role, where there is one: beside a chat, say,
        no input is, though it has a name."""
        roles = ("instruction", "input", "output", "target", "messages", "options")
        found = (self.asked, self.given, self.said, self.target, self.messages, self.options)
        history = None if self.asked is None else self.history
        return {
            **dict(zip(roles, found, strict=True)),
            "history": history,
            "text": self.text if self.asked is None else None,
            "classification": self.columns.get("classification"),
            **dict(self.rest),
        }


@dataclass(frozen=True, slots=True)
class Naming:
    """What the user named, and what was guessed where no name is known, as role -> column."""

    named: Mapping[str, str] = field(default_factory=dict)
    guessed: Mapping[str, str] = field(default_factory=dict)


def plan_of(present: Sequence[str], absent: Collection[str], naming: Naming) -> Plan:
    """`present` are the columns that hold something, in the row's order; `absent` those that the
    row has and that hold nothing (null)."""
    named = naming.named
    lost = [one for one in named.values() if one not in present and one not in absent]
    by_plain: dict[str, str] = {}
    for name in present:
        by_plain.setdefault(plain(name), name)
    taken = set(named.values())
    found: dict[str, str] = {role: one for role, one in named.items() if one in present}

    def find(role: str, *, but: Collection[str] = ()) -> str | None:
        if role in named:
            return found.get(role)
        for alias in ROLES[role]:
            name = alias if alias in present else by_plain.get(alias, "")
            if name and name not in taken and name not in but:
                found[role] = name
                return name
        guess = naming.guessed.get(role)
        if guess is not None and guess in present and guess not in taken and guess not in but:
            found[role] = guess
            return guess
        return None

    texts = "instruction" in named or "output" in named
    messages = None if texts and "messages" not in named else find("messages")
    asked = find("instruction") if messages is None else None
    if messages is None and asked is None and not texts and "chosen" in by_plain:
        messages = found["messages"] = by_plain["chosen"]  # a whole chat, and a rejected one
    given = find("input", but=[asked] if asked else ()) if messages is None else None
    said = None
    if messages is None:
        said = find("output", but=[one for one in (asked, given) if one])
    elif "output" in named or "completion" not in by_plain:
        references = [by_plain[name] for name in _REFERENCES if name in by_plain]
        said = find("output", but=[messages, *references])
    else:
        said = found["output"] = by_plain["completion"]
    used = [one for one in (asked, given, said, messages) if one]
    text = None
    if messages is None and asked is None and "instruction" not in named:
        text = find("text") if said is None or said == found.get("text") else None
    target = find("target", but=used)
    options = find("options", but=used)
    history = None if asked is None else find("history", but=used)
    for role in (*_SIMPLE, "classification"):
        find(role, but=used)
    instances = asked == "instruction" and "instances" in present and "output" not in named
    if instances:
        given, said = None, None
        found |= {"input": "instances", "output": "instances"}
    alone = asked is None and messages is None and text is None
    if alone and said is not None and "output" not in named:
        found.pop("output", None)
        said = None
    rest = tuple((role, found[role]) for role in _SIMPLE if role in found)
    return Plan(
        columns=found,
        form=_INSTANCES if instances else _form(asked, given, said, messages, text, by_plain),
        asked=asked,
        given=given,
        said=said,
        target=target,
        messages=messages,
        history=history,
        text=text,
        options=options,
        several=said is not None and plain(said) in PLURAL,
        rest=rest,
        instances=instances,
        missing=lost[0] if lost else "",
    )


def _form(
    asked: str | None,
    given: str | None,
    said: str | None,
    messages: str | None,
    text: str | None,
    by_plain: Mapping[str, str],
) -> str:
    if messages is not None:
        return messages + _CHOSEN * (plain(messages) == "chosen")
    if text is not None and asked is None:
        return f"{text}, as the output alone"
    form = ", ".join(name for name in (asked, given, said) if name is not None)
    if said is None:
        form += ", without an output"
        form += " (raw_instances is not parsed)" * ("raw_instances" in by_plain)
    elif plain(said) == "chosen":
        form += _CHOSEN
    return form
