"""The default encoder: a sentence-transformers model. The one module that loads torch, on the first text it encodes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from embeddings.encoder import Matrix
from embeddings.errors import ModelError
from embeddings.model_files import BUNDLED, ModelFiles, check_bundled, find

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

_log = logging.getLogger(__name__)
_LIBRARIES: Final = ("sentence_transformers", "transformers", "huggingface_hub")


class SentenceTransformerEncoder:
    """Encodes with the prompts, dimension and window that the model itself states.

    ``model`` is "bundled", a local folder, or a hub name with or without "@revision". Threads may share one encoder:
    it lets one in at a time. ``languages`` are the primary subtags the model covers, for a model that does not say so
    itself. ``name``, ``languages`` and ``count_tokens`` read the model's files without torch; the rest loads it.
    Raises ModelError, on first use, for a model that cannot be had or whose bundled weights are not the expected ones.
    """

    def __init__(
        self,
        model: str = BUNDLED,
        device: str = "cpu",
        batch_size: int = 64,
        languages: Collection[str] | None = None,
    ) -> None:
        self._model = model
        self._device = device
        self._batch_size = batch_size
        self._languages = None if languages is None else frozenset(languages)
        self._lock = RLock()
        self._files: ModelFiles | None = None
        self._loaded: SentenceTransformer | None = None
        self._counting: Tokenizer | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as the settings; the model is loaded there anew."""
        return type(self), (self._model, self._device, self._batch_size, self._languages)

    @property
    def name(self) -> str:
        """For example all-MiniLM-L6-v2@53aa51172d14/float32; a folder's revision is a hash of its files."""
        return self._found().name

    @property
    def dimension(self) -> int:
        """As the model's last module states it."""
        dimension = self._load().get_embedding_dimension()
        if dimension is None:
            raise ModelError(self._model, got="it states no dimension", fix="use a model that yields sentence vectors")
        return dimension

    @property
    def max_tokens(self) -> int:
        """The model's window; ``sys.maxsize`` for a model without one."""
        return int(min(self._load().max_seq_length or sys.maxsize, sys.maxsize))

    @property
    def languages(self) -> frozenset[str] | None:
        """What was given, else English for the bundled model and what its card says for another; torch stays out."""
        return self._found().languages() if self._languages is None else self._languages

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Encode with the model's "query" prompt; what exceeds the window is cut off, with a warning in the log.

        One text at a time: padding to batch mates would move the last bits, and a need asked alone must get the bytes
        that it gets in a batch. It costs about a fifth of the speed, for the few texts that are queries.
        """
        return self._encode(texts, "query", batch_size=1)

    def encode_documents(self, texts: Sequence[str]) -> Matrix:
        """Encode with the model's "document", "passage" or "corpus" prompt; cuts off and warns as for queries."""
        return self._encode(texts, "document", batch_size=self._batch_size)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count with the model's tokenizer; the longer of the two prompts and the special tokens are counted in."""
        tokenizer = self._tokenizer()
        around = tokenizer.num_special_tokens_to_add(is_pair=False) + max(
            len(tokenizer.encode(self._found().prompt(role), add_special_tokens=False))
            for role in ("query", "document")
        )
        return [around + len(encoding) for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def _encode(self, texts: Sequence[str], role: str, *, batch_size: int) -> Matrix:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        filled = [place for place, text in enumerate(texts) if text.strip()]
        if not filled:
            return rows
        model, prompt, wanted = self._load(), self._found().prompt(role), [texts[place] for place in filled]
        encode = model.encode_query if role == "query" else model.encode_document
        self._warn_of_cuts(wanted)
        with self._lock:  # the library sorts by length; its tokenizer must not be entered twice at once
            rows[filled] = encode(
                wanted, prompt=prompt, batch_size=batch_size, show_progress_bar=False, normalize_embeddings=True
            )
        return rows

    def _warn_of_cuts(self, texts: Sequence[str]) -> None:
        window = self.max_tokens
        long = sum(count > window for count in self.count_tokens([text for text in texts if len(text) * 4 > window]))
        if long:
            _log.warning("texts longer than the window were cut off", extra={"texts": long, "max_tokens": window})

    def _found(self) -> ModelFiles:
        with self._lock:
            if self._files is None:
                self._files = find(self._model)
            return self._files

    def _load(self) -> SentenceTransformer:
        with self._lock:
            if self._loaded is None:
                files = self._found()
                if self._model == BUNDLED:
                    check_bundled(files.folder)
                self._loaded = _load_quietly(self._model, files, self._device)
            return self._loaded

    def _tokenizer(self) -> Tokenizer:
        with self._lock:
            if self._counting is None:
                self._counting = self._found().tokenizer() or _tokenizer_of(self._model, self._load())
            return self._counting


def _load_quietly(model: str, files: ModelFiles, device: str) -> SentenceTransformer:
    with _quiet():
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(
                str(files.folder), device=device, local_files_only=True, model_kwargs={"dtype": "float32"}
            )
        except (OSError, ValueError, RuntimeError, KeyError, ImportError, SafetensorError) as error:
            raise ModelError(
                model,
                got=f"{files.folder} does not load on {device!r}: {error}",
                fix="check that it is a whole sentence-transformers model and that the device exists",
            ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the libraries' notes and progress bars while a model loads, and leave them as they were."""
    from transformers.utils import logging as transformers_logging

    loggers = [logging.getLogger(name) for name in _LIBRARIES]
    levels = [logger.level for logger in loggers]
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]  # the library leaves it untyped


def _tokenizer_of(model: str, loaded: SentenceTransformer) -> Tokenizer:
    """Copy the loaded model's fast tokenizer, so that counting never touches the settings encoding relies on."""
    from tokenizers import Tokenizer

    backend = getattr(loaded.tokenizer, "backend_tokenizer", loaded.tokenizer)
    if not isinstance(backend, Tokenizer):
        raise ModelError(model, got="its tokenizer has no fast form", fix="save the model with a tokenizer.json")
    tokenizer = Tokenizer.from_str(backend.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
