"""Everything a night's result depends on, gathered so that its hash is the run id."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import embeddings
import matcher
from service.reference import data_folder


@cache
def code_fingerprint() -> str:
    """Hash the text of the deciding code and of the reference data: a changed rule makes a new run.

    A changed comment does too, which costs one night of computing and never a wrong list. What lies in a folder of its
    own there (reference/sdg) has no part in a night: suggestions are made at intake.
    """
    digest = hashlib.sha256()
    for folder, pattern in ((_folder(matcher), "*.py"), (_folder(embeddings), "*.py"), (data_folder(), "reference/*")):
        for path in sorted(path for path in folder.glob(pattern) if path.is_file()):
            digest.update(f"{folder.name}/{path.name}\n".encode() + path.read_bytes() + b"\n")
    return digest.hexdigest()


def plain(value: Any) -> Any:
    """Turn settings of a run (dataclasses, mappings, closed lists, dates) into JSON values with stable keys."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, str | int | float | bool | None):
        return value
    raise TypeError(f"expected a setting made of plain values; got {type(value).__name__}")


def _folder(package: ModuleType) -> Path:
    return Path(str(package.__file__)).parent
