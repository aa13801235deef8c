"""Objectives: records into examples, and a batch into a loss. Small pure functions."""
