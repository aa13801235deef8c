"""Runs the stages in order. `run` is the main job; each stage is one module with one function."""

from limbeck.pipeline.run import Run, run

__all__ = ["Run", "run"]
