"""How new instructions are asked for and taken in: the same for the loop and for its control."""

from __future__ import annotations

from dataclasses import dataclass

from limbeck.generators.adversarial.written import Refuse, never
from limbeck.generators.self_instruct.sampling import Form
from limbeck.protocols import NewPool


@dataclass(frozen=True, kw_only=True)
class How:
    """`threshold` is the ROUGE-L with a known or a new instruction above which another one is not
    new. `refuse` gives the reason why an instruction may not be taken, None where it may. The
    writing ends early when, over `stall_calls` calls, under `stall_share` of the instructions were
    kept. `width` calls are under way at once."""

    new_pool: NewPool
    form: Form = "chat"
    threshold: float = 0.7
    temperature: float = 1.0
    max_tokens: int = 256
    stall_calls: int = 50
    stall_share: float = 0.05
    seed: int = 0
    width: int = 16
    refuse: Refuse = never
