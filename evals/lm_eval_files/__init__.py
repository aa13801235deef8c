"""lm-eval's files: its logged samples in, limbeck's tasks out."""
