"""Findings: what an audit looked for, how often it is there, how bad that is, what to do.

One topic a file. docs/audit.md defines every key and its levels.
"""
