"""Curves over rows, seeds and sizes of students."""
