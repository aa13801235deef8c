"""The learned retriever: BM25's candidates, a model that scores them, a reward model, a bi-encoder
(LLM-R, Wang et al. 2024, arXiv:2307.07164)."""
