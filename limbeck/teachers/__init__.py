"""Teachers: what stands behind `Teacher.ask`. HTTP and local weights stay behind this door."""

from limbeck.teachers.connect import connect

__all__ = ["connect"]
