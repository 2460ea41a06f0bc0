"""Mapping profiles: which column of somebody's file is which field of ours. Written in TOML, ours or the user's own."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from matcher.errors import BadInput
from matcher.profiles import KINDS
from matcher.quantities import Frozen
from service.intake.fields import Reader, reader_of

FOLDER: Final = Path(__file__).with_name("profiles")
CANONICAL: Final = "canonical"
_NOT_A_PROFILE: Final = frozenset({"words"})


class Column(Frozen):
    """One field: the headers it may stand under, in order of preference, and how its cells are read."""

    headers: Annotated[tuple[str, ...], Field(alias="from", min_length=1)]
    read: Reader | None = None  # None: as the field of the record is read
    join: Annotated[str, StringConstraints(strip_whitespace=False)] | None = (
        None  # put between the texts of all these columns; None: the first that says something
    )
    min_words: int = 0  # a text of fewer words says nothing ("dvf")
    synonyms: dict[str, str] = Field(default={})  # what people write -> the value of ours; "" for nothing


class Where(Frozen):
    """A row is taken only if this column says something (and, where values are given, one of them)."""

    column: str
    values: tuple[str, ...] = ()


class Clean(Frozen):
    """How texts are cleaned and when what is left is debris."""

    texts: tuple[str, ...]  # fields, the title first
    remove: tuple[str, ...] = ()  # regular expressions of noise, taken out wherever they match
    templates: tuple[str, ...] = ()  # regular expressions of a form's own prompts: a text that is one says nothing
    min_words: int = 4  # different words in all texts together
    max_characters: int | None = None  # of the first text: beyond it, it is no title or name
    once: bool = True  # a second row with the same texts is refused

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        for pattern in (*self.remove, *self.templates):
            try:
                re.compile(pattern)
            except re.error as error:
                raise BadInput("bad_pattern", expected="a regular expression", got=pattern, fix=str(error)) from error
        return self


class Table(Frozen):
    """One kind of record in a file: in which sheets, in which columns."""

    kind: str
    sheets: tuple[str, ...] = ()  # names of sheets; () for a file without sheets, or a sheet named after the kind
    canonical: bool = False  # headers that are our own field names are taken too
    id_prefix: str = ""
    id_from: tuple[str, ...] = ()  # fields an id is made of where the row has none
    fields: dict[str, Column] = Field(default={})
    constants: dict[str, Any] = Field(default={})
    where: tuple[Where, ...] = ()
    ignore: tuple[str, ...] = ()  # columns left out on purpose; the profile says why in a comment
    clean: Clean | None = None

    @model_validator(mode="after")
    def _names_fields(self) -> Self:
        if self.kind not in KINDS:
            raise BadInput("unknown_kind", expected=", ".join(KINDS), got=self.kind)
        for path in (*self.fields, *self.constants):
            if reader_of(self.kind, path) is None:
                raise BadInput("unknown_field", expected=f"a field of {self.kind}", got=path, fix="see data/schema")
        return self


class MappingProfile(Frozen):
    """What a named source's files look like."""

    name: str
    description: str
    system: str = ""  # goes into source.system, beside the row's own id as source.source_id
    licence: str | None = None
    encoding: str | None = None  # of CSV files that are neither UTF-8 nor UTF-16
    tables: tuple[Table, ...] = Field(min_length=1)

    def table(self, kind: str) -> Table | None:
        """Return the first table of a kind."""
        return next((table for table in self.tables if table.kind == kind), None)


def names() -> tuple[str, ...]:
    """Return the names of the profiles that come with the project."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem not in _NOT_A_PROFILE))


def load(profile: str | Path) -> MappingProfile:
    """Return a profile by its name or by the path of a TOML file; raises BadInput that names what is wrong."""
    path = FOLDER / f"{profile}.toml" if str(profile) in names() else Path(profile)
    if not path.is_file():
        raise BadInput(
            "no_such_profile", expected=f"one of {', '.join(names())}, or the path of a TOML file", got=str(profile)
        )
    return _parsed(path)


@cache
def _parsed(path: Path) -> MappingProfile:
    try:
        return MappingProfile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        fix = f"{where}: {first['msg']}; see the README for one"
        raise BadInput("bad_profile", expected="a mapping profile", got=path.name, fix=fix) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput("bad_profile", expected="a mapping profile", got=path.name, fix=str(error)) from error


@cache
def words() -> dict[str, dict[str, str]]:
    """Return field name -> what people write -> our value: the words every profile understands."""
    lists = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))
    return {
        field: {normal(word): value for word, value in entry["words"].items()}
        for entry in lists.values()
        for field in entry["fields"]
    }


def normal(text: str) -> str:
    """Return a header or a value of a list in lower case, with one space between words and no punctuation."""
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())
