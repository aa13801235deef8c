"""The loss curve for TensorBoard, where it is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limbeck.trainers.loop import Point


class Board:
    """Writes points into `folder`; without TensorBoard it does nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None

    def begin(self, step: int) -> None:
        """What a killed run wrote after `step` is not shown."""
        if importlib.util.find_spec("tensorboard") is None:
            return
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(self._folder), purge_step=step + 1)

    def add(self, point: Point) -> None:
        """One point: each of its values that there is."""
        if self._writer is None:
            return
        for name, value in point.to_json().items():
            if name == "step" or value is None:
                continue
            for inner, one in value.items() if isinstance(value, dict) else [("", value)]:
                self._writer.add_scalar(f"train/{name}/{inner}".rstrip("/"), one, point.step)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
