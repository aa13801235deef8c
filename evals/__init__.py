"""Evaluation: one protocol for base, student and teacher, and the transfer report."""
