"""The audit of an instruction dataset: what is in it, and a sheet to mark how good it is."""
