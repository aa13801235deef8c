"""A judge's view of the answers to open prompts: who is preferred, and how far that can be trusted.

It stands beside what was measured on tasks and never in its place.
"""
