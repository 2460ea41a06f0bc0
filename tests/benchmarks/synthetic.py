"""Made-up worlds of any size. They measure time and memory, never quality: figures from here are ratios only."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np

from embeddings.encoder import Matrix
from matcher.profiles import Capability, Need
from matcher.vocabulary import SECTORS, TransferMode

AS_OF = date(2026, 11, 1)
COUNTRIES = (
    "BGD",
    "BRA",
    "CHN",
    "CIV",
    "DEU",
    "ETH",
    "FJI",
    "GHA",
    "IND",
    "KEN",
    "LAO",
    "NPL",
    "PER",
    "RWA",
    "SEN",
    "VNM",
)
WORDS = tuple(
    f"{stem}{tail}" for stem in ("aqua", "sol", "vent", "agro", "medi", "edu", "trans", "geo") for tail in range(2000)
)


class CachedVectors:
    """Stands for an encoder whose every text is cached: a text's vector is drawn from its hash, in no time."""

    name, dimension, max_tokens, languages = "synthetic@0/fp32", 384, 256, None

    def _encode(self, texts: Sequence[str]) -> Matrix:
        seeds = [int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) for text in texts]
        pool = _pool(self.dimension)
        return np.ascontiguousarray(pool[np.array(seeds, dtype=np.int64) % len(pool)])

    encode_queries = encode_documents = _encode

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


_POOLS: dict[int, Matrix] = {}


def _pool(dimension: int) -> Matrix:
    if dimension not in _POOLS:
        drawn = np.random.default_rng(0).normal(size=(1 << 17, dimension)).astype(np.float32)
        _POOLS[dimension] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return _POOLS[dimension]


def _text(draw: random.Random, words: int) -> str:
    """Words by Zipf's law, as texts have them."""
    return " ".join(WORDS[min(int(draw.paretovariate(0.7)), len(WORDS)) - 1] for _ in range(words))


def capabilities(count: int, seed: int = 1) -> Iterator[Capability]:
    """Draw offers in the order of their ids, about half of the fields stated."""
    draw = random.Random(seed)
    sectors, modes = sorted(SECTORS), list(TransferMode)
    for at in range(count):
        facts: dict[str, Any] = {
            "description": _text(draw, 60),
            "sdg_goals": draw.sample(range(1, 18), 2),
            "sectors": draw.sample(sectors, 2),
            "trl": draw.randint(3, 9),
            "transfer_modes": draw.sample(modes, 3),
            "places_offered": draw.sample(COUNTRIES, 6),
            "deployed_in": [{"country": draw.choice(COUNTRIES), "year": draw.randint(2010, 2026)}],
            "operating_envelope": {"power": f"{draw.randint(1, 9)}-{draw.randint(10, 500)} kW"},
            "price": {"min": draw.randint(1, 500) * 1000, "currency": "USD"},
            "lead_time_months": draw.randint(1, 24),
            "languages_supported": draw.sample(("en", "fr", "es", "pt", "zh"), 2),
        }
        stated = {name: value for name, value in facts.items() if draw.random() < 0.5}
        yield Capability.model_validate(
            {
                "id": f"c{at:07}",
                "organisation_id": f"org-{draw.randint(0, count // 5)}",
                "title": _text(draw, 6),
                "summary": _text(draw, 40),
                **stated,
            }
        )


def needs(count: int, seed: int = 2) -> Iterator[Need]:
    """Draw needs with most of what a gate asks for."""
    draw = random.Random(seed)
    sectors = sorted(SECTORS)
    for at in range(count):
        yield Need.model_validate(
            {
                "id": f"n{at:06}",
                "owner_organisation_id": f"town-{at}",
                "title": _text(draw, 6),
                "summary": _text(draw, 80),
                "gap_description": _text(draw, 60),
                "beneficiary_places": draw.sample(COUNTRIES, 2),
                "sdg_goals": draw.sample(range(1, 18), 3),
                "sectors": draw.sample(sectors, 1),
                "trl_min": draw.randint(4, 8),
                "rejected_modes": ["fdi"],
                "site_conditions": {"power": f"{draw.randint(1, 300)} kW"},
                "budget": {"max": draw.randint(10, 900) * 1000, "currency": "USD"},
                "complete_by": date(2028, 6, 30),
                "languages_required": ["en"],
            }
        )
