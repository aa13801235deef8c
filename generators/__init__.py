"""Generators make records: plain coroutines, deterministic in (seeds, options, replies)."""
