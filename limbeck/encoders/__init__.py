"""Text encoders by name: n-grams, a trained retriever, or a model's hidden states."""

from limbeck.encoders.names import NGRAMS, encoder, encoder_name, identity, resolved
from limbeck.encoders.ngram_bag import BagShape, NgramBag
from limbeck.encoders.retriever import ABOUT, is_retriever, load_retriever, read_about

__all__ = [
    "ABOUT",
    "NGRAMS",
    "BagShape",
    "NgramBag",
    "encoder",
    "encoder_name",
    "identity",
    "is_retriever",
    "load_retriever",
    "read_about",
    "resolved",
]
