"""The interface as programs hold on to it. ``python -m tests.service.api.contract`` records a wanted change."""

import json
from pathlib import Path

from service.api.app import create_app
from service.settings import Settings

CONTRACT = Path(__file__).parents[2] / "contracts" / "openapi.json"


def written() -> str:
    """Return the contract file's text; the version of the program is no part of the contract."""
    document = create_app(Settings(model="hashing")).openapi()
    document["info"]["version"] = "-"
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    CONTRACT.write_text(written(), encoding="utf-8")
