"""Geometry of the report's figures: x in percent of the width, y in px, so that text keeps its own
size on a phone and on a desk. Drawing is the templates'."""
