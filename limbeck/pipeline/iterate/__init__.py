"""The adversarial loop: rounds of imitation, discrimination and generation.

Lion, Jiang et al. 2023, arXiv:2305.12870.
"""
