"""How well a model learns from the demos in its prompt: curves over k, controls, calibration."""
