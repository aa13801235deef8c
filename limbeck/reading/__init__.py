"""Rows of anybody's dataset, whatever form they are in; what cannot be read is counted."""
