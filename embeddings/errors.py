"""The exceptions.

EmbeddingError
+-- ModelError  a model cannot be had, or is not the one that was asked for; carries model, got and fix
+-- CacheError  something that must not be kept was offered to the cache
"""


class EmbeddingError(Exception):
    """Everything this package raises on purpose."""


class ModelError(EmbeddingError):
    """A model that cannot be used: says which, what was found, and what to do."""

    def __init__(self, model: str, *, got: str, fix: str) -> None:
        self.model, self.got, self.fix = model, got, fix
        super().__init__(f"model {model!r}: {got}; {fix}")


class CacheError(EmbeddingError):
    """Rows that may not enter the cache: of another shape than stated, or not finite."""
