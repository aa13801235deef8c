"""The two presets: the published pipeline, bug for bug, and the same with its bugs mended.

`reference` is Self-Instruct (Wang et al., 2023) as its code does it, and Alpaca (Taori et al.,
2023) for whole tasks. `fixed` is the default.
"""

from __future__ import annotations

from typing import Literal

Preset = Literal["reference", "fixed"]
