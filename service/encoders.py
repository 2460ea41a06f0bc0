"""From settings to an encoder with its cache: the only place that chooses a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from service.settings import Settings

HASHING: Final = "hashing"


def make_encoder(settings: Settings, *, cached: bool = True) -> Encoder:
    """Return the encoder that ``settings.model`` names, through the cache in ``settings.cache_dir`` unless told not to.

    No model is loaded yet: that waits for the first text which the cache does not hold.
    """
    encoder = _bare(settings)
    if not cached:
        return encoder
    from embeddings.cache import CachedEncoder, VectorCache
    from service.progress import Counter

    return CachedEncoder(encoder, VectorCache(settings.cache_dir), Counter("encoding texts"))


def _bare(settings: Settings) -> Encoder:
    if settings.model == HASHING:
        from embeddings.encoder import HashingEncoder

        return HashingEncoder()
    from embeddings.sentence_transformer import SentenceTransformerEncoder

    stated = [tag.strip().partition("-")[0].lower() for tag in settings.model_languages.split(",") if tag.strip()]
    return SentenceTransformerEncoder(settings.model, languages=stated or None)
