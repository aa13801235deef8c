"""The verbs. Importing this package loads neither torch nor transformers nor lm-eval."""

from limbeck.cli.app import app, main

__all__ = ["app", "main"]
