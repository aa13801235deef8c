"""Self-Instruct and its relatives: the teacher makes instructions, inputs and answers.

generator.py   the options, and which style does what
grow.py        the loop: prompts show what earlier calls brought; stall.py ends it
bootstrap.py   instructions from instructions      whole_tasks.py   style alpaca
evolve.py      style evolve                        magpie.py        style magpie
finish.py      is it classification, instances     answering.py     answers to whole prompts
pool.py        seeds and what was accepted: rules, then novelty
"""

from limbeck.generators.self_instruct.generator import SelfInstruct

__all__ = ["SelfInstruct"]
