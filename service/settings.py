"""The only reader of the environment: every setting is ``MATCHER_`` and the field's name in capitals."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from matcher.errors import BadInput

PREFIX = "MATCHER_"

_SAID: Final = {"string_pattern_mismatch": "language tags with commas between them, such as en, fr"}
"""What pydantic would say with a regular expression -> the same for people."""


def _below(name: str) -> Any:
    """Return a default that lies in the data folder, wherever that was set to be."""
    return Field(default_factory=lambda known: known["data_dir"] / name)


class Settings(BaseSettings):
    """Read once where a command starts, then passed on; never a global."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    data_dir: Path = Path(".matcher")
    """The folder that everything below lies in unless set apart."""

    database_url: str = Field(default_factory=lambda known: f"sqlite:///{known['data_dir'] / 'matcher.db'}")
    """SQLAlchemy address of the store."""

    releases_dir: Path = _below("releases")
    """Where releases are published."""

    cache_dir: Path = _below("cache")
    """Where vectors of texts already encoded are kept; safe to delete."""

    model: str = Field(default="bundled", min_length=1)
    """``bundled`` (the weights that come with the package), ``hashing`` (no model at all: a baseline for trying out),
    or any sentence-transformers model by name or folder."""

    model_languages: str = Field(default="", pattern=r"^\s*([A-Za-z]{2,3}\b[\w-]*(\s*,\s*|\s*$))*$")
    """Languages the model covers, for one that does not say so itself: BCP-47 tags with commas, such as ``en, fr``."""

    processes: int = Field(default=0, ge=0)
    """Processes that needs are matched in; 0: one a core where there is work for them. Each takes about 2 KB of memory
    a capability."""

    warm: bool = False
    """Load the model when a server starts, behind the first answers, instead of for the first text that is new to it.
    Takes half a gigabyte a worker from the start."""

    host: str = "127.0.0.1"
    """Address that ``matcher serve`` listens on."""

    port: int = Field(default=8000, ge=0, le=65535)
    """Port that ``matcher serve`` listens on; 0 takes a free one."""

    shown_days: int = Field(default=365, ge=0)
    """Days that what was shown is kept, to learn from: match, rank, score, release, tenant and role, never who; 0 keeps
    nothing."""

    rule_after: int = Field(default=3, ge=0)
    """Dismissals for one reason, of one provider, need or sector, that propose a hard rule to a person; 0 proposes
    none."""

    rate_limit: int = Field(default=6000, ge=0)
    """Requests an account may send a minute to one server process; 0: as many as it likes."""

    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    """The least severe event that is written to standard error."""

    log_format: Literal["text", "json"] = "text"
    """How events are written: for people, or one JSON object a line."""


def load_settings(**given: Any) -> Settings:
    """Read the environment once; ``given`` wins over it. Raises BadInput naming the variable that is wrong."""
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        variable = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        said = _SAID.get(first["type"], first["msg"])
        raise BadInput(
            "setting", expected=f"{variable}: {said}", got=first["input"], fix=f"change or unset {variable}"
        ) from error


def unknown_variables() -> dict[str, str]:
    """Return each variable with this program's prefix that is no setting, and the setting it is likest to, or ""."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    found = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    return {name: _nearest(name.upper(), known) for name in found}


def _nearest(name: str, known: set[str]) -> str:
    """Compare without the prefix, which every name shares."""
    import difflib  # only where something is misspelt

    ends = [other.removeprefix(PREFIX) for other in sorted(known)]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), ends, n=1)
    return PREFIX + near[0] if near else ""
