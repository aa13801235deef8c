"""Which instances of one instruction are refused, and which five of many stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from limbeck.generators.self_instruct.instances import Instance
from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.refused import Refused
from limbeck.record import content_hash
from limbeck.text import folded, squeezed

AT_MOST = 5
COPIED_INPUT, COPIED_OUTPUT = 10, 20  # characters from which on a repeated example is no chance

Judgement = tuple[list[Instance], list[tuple[Instance, Refused]]]
_Key = Callable[[Instance], tuple[str, str]]

_EDGES = " .。!！*`\"'“”‘’「」"


def judged(instances: Sequence[Instance], preset: Preset, seed: int) -> Judgement:
    """The instances of one instruction that stay, and the others with the rule, both in order.

    | rule          | value                                | refuses                            |
    |---------------|--------------------------------------|------------------------------------|
    | equal         | the text                             | output and input are the same      |
    | empty         | 0                                    | no output                          |
    | colon         | "input" or "output"                  | that field ends in a colon         |
    | contradiction | the first input with two outputs     | every instance that is left        |
    | duplicate     | the place of the first one, from 0   | the same instance again            |
    | over_five     | how many there were                  | all but 5, drawn by `seed`         |

    reference: texts are compared as they are. fixed: inputs up to Unicode form and white space;
    outputs for the same input also up to case, width, and punctuation around them, so that
    "Positive" and "positive." agree and are one instance; "：" is a colon too; two empty texts are
    called empty.

    The 5 are those whose hashes with the seed are lowest: the draw depends on nothing but the
    seed and the instances, not even on their order. The published code draws from the order of a
    Python set, which differs from run to run, so which 5 it drew cannot be reproduced by anyone.
    """
    key = _exact if preset == "reference" else _mended
    refused: dict[int, Refused] = {}
    for place, instance in enumerate(instances):
        if found := _invalid(instance, preset):
            refused[place] = found
    left = [place for place in range(len(instances)) if place not in refused]
    contested = _contested([instances[place] for place in left], key)
    if contested is not None:
        refused |= dict.fromkeys(left, Refused("contradiction", contested))
    else:
        first: dict[tuple[str, str], int] = {}
        for place in left:
            earlier = first.setdefault(key(instances[place]), place)
            if earlier != place:
                refused[place] = Refused("duplicate", earlier)
        drawn = sorted(first.values(), key=lambda place: _draw(instances[place], seed))
        refused |= dict.fromkeys(drawn[AT_MOST:], Refused("over_five", len(drawn)))
    kept = [one for place, one in enumerate(instances) if place not in refused]
    return kept, [(instances[place], refused[place]) for place in sorted(refused)]


def copied(instance: Instance, shown: str) -> Refused | None:
    """Whether a teacher too weak for the task only repeats an example of its prompt.

    `shown` is the prompt without the instruction. The input is looked for, or the output where
    there is none, and short ones (10 characters, 20 of an output) are anybody's. Value: the text.
    """
    source, output = squeezed(instance.input), squeezed(instance.output)
    text, least = (source, COPIED_INPUT) if source else (output, COPIED_OUTPUT)
    return Refused("copied", text) if len(text) >= least and text in squeezed(shown) else None


def _invalid(instance: Instance, preset: Preset) -> Refused | None:
    source, output = instance.input, instance.output
    colons: tuple[str, ...] = (":",)
    if preset == "fixed":
        source, output, colons = squeezed(source), squeezed(output), (":", "：")
    if source == output and (output or preset == "reference"):
        return Refused("equal", instance.output)
    if output == "":
        return Refused("empty", 0)
    if source.rstrip().endswith(colons):
        return Refused("colon", "input")
    if output.rstrip().endswith(colons):
        return Refused("colon", "output")
    return None


def _exact(instance: Instance) -> tuple[str, str]:
    return instance.input, instance.output


def _mended(instance: Instance) -> tuple[str, str]:
    source = squeezed(instance.input)
    if not source:
        return source, squeezed(instance.output)
    label = folded(instance.output)
    return source, label.strip(_EDGES) or label


def _contested(instances: Sequence[Instance], key: _Key) -> str | None:
    """The first input, not empty, that has two outputs."""
    outputs: dict[str, str] = {}
    for instance in instances:
        source, output = key(instance)
        if source and outputs.setdefault(source, output) != output:
            return instance.input
    return None


def _draw(instance: Instance, seed: int) -> str:
    return content_hash([seed, instance.input, instance.output])
