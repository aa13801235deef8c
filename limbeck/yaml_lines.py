"""YAML with the line of every key, so that a message can point at it."""

from __future__ import annotations

from typing import Any

import yaml

from limbeck.errors import RecipeError

MOST_LENGTH = 1 << 22
MOST_NODES = 100_000
MOST_DIGITS = 100


def read_yaml(text: str, source: str) -> tuple[Any, Places]:
    """The data of a YAML text, and where its keys stand. Raises RecipeError with the line."""
    try:
        tree = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise RecipeError(f"{source}{line}: not YAML ({problem})") from error
    except ValueError as error:  # what YAML takes for a number and Python does not
        raise RecipeError(f"{source}: not YAML ({error})") from error
    except RecursionError as error:
        raise RecipeError(f"{source}: nested too deeply") from error
    return data, Places(tree, source)


class BoundedLoader(yaml.SafeLoader):
    """The safe loader, for texts of whoever it may be: one that is long, or grows without end by
    its aliases, is no YAML."""

    def __init__(self, stream: Any) -> None:
        text = stream if isinstance(stream, str | bytes) else stream.read(MOST_LENGTH + 1)
        if len(text) > MOST_LENGTH:
            raise yaml.YAMLError(f"it is longer than {MOST_LENGTH:,} characters")
        super().__init__(text)

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None and _whole(node, {}) > MOST_NODES:
            raise yaml.YAMLError(f"its aliases open to more than {MOST_NODES:,} values")
        return node


def _whole(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    """How many values there are below a node, each as often as it is named."""
    if node not in known:
        known[node] = MOST_NODES  # while it is not known: what holds itself has no end
        parts = [node.value] if isinstance(node, yaml.SequenceNode) else []
        parts = node.value if isinstance(node, yaml.MappingNode) else parts
        known[node] = 1 + sum(_whole(child, known) for part in parts for child in part)
    return known[node]


class _Loader(BoundedLoader):
    """YAML 1.2 where 1.1 surprises: `on`, `yes` and dates are text, a key stands once."""

    yaml_implicit_resolvers = {  # noqa: RUF012  as the base class has it
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag != "tag:yaml.org,2002:timestamp"
            and (tag != "tag:yaml.org,2002:bool" or first in "tTfF")
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        value: int = super().construct_yaml_int(node)
        if abs(value) >= 10**MOST_DIGITS:
            raise ValueError(f"a number of more than {MOST_DIGITS} digits")
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key.value, str) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            if isinstance(key.value, str):
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


class Places:
    """Line numbers of keys, from the YAML node tree."""

    def __init__(self, tree: yaml.Node | None, source: str) -> None:
        self._tree = tree
        self._source = source

    def at(self, where: tuple[str | int, ...]) -> str:
        """ "recipes/x.yaml, line 12" of the deepest part of `where` that the file has."""
        line = self._line(where)
        return f"{self._source}, line {line}" if line else self._source

    def _line(self, where: tuple[str | int, ...]) -> int | None:
        node, line = self._tree, None
        for part in where:
            found = _child(node, part)
            if found is None:
                break
            line, node = found
        return line


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
        for key, value in node.value:
            if key.value == "options":  # the long form {name: minhash, options: {...}}
                return _child(value, part)
        if len(node.value) == 1:  # the short form `- minhash: {threshold: 0.8}`
            return _child(node.value[0][1], part)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item.start_mark.line + 1, item
    return None
