"""Chains of thought: rationales by sampling, one or two calls each, checked while they come.

generator.py   the options; questions in their order, rounds of paths for each
prompts.py     what is asked, of base and of chat teachers, with or without worked examples
paths.py       one path: the rationale, the answer if it takes a call of its own
conclusion.py  a rationale without the sentence that gives its answer
rows.py        what became of a path, as a record
"""

from limbeck.generators.chain_of_thought.generator import ChainOfThought

__all__ = ["ChainOfThought"]
