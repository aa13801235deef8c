"""Generator `demonstrations`: labels, their distributions or texts from k-shot prompts."""

from limbeck.generators.demonstrations.generator import Demonstrations

__all__ = ["Demonstrations"]
