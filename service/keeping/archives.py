"""One file that holds many, each with its checksum: a tar with a manifest as its last member."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from service.keeping.errors import BrokenArchive
from service.releases.files import replacing, sha256_of
from service.releases.manifest import FileFacts

FORMAT: Final = 1
"""Version of the archive's layout. A reader keeps reading every older one."""

MANIFEST: Final = "manifest.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseFacts(_Frozen):
    """Which database was copied, and how far its tables were."""

    kind: Literal["sqlite", "postgresql"]
    revision: str


class Contents(_Frozen):
    """The head of an archive: where it comes from, and the checksum of every file."""

    format: int
    made_at: datetime
    program: str  # version of this program
    database: DatabaseFacts
    served: str | None  # the release that was served
    model: str  # the setting; the model itself is not in the archive
    cache: bool
    files: Mapping[str, FileFacts]


class Writer:
    """An archive being written; every file's checksum is taken while it is copied."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, FileFacts] = {}

    def add(self, name: str, path: Path) -> None:
        """Copy a file in under a relative name."""
        with path.open("rb") as source:
            member = self._tar.gettarinfo(arcname=name, fileobj=source)
            member.mode, member.uid, member.gid, member.uname, member.gname = 0o600, 0, 0, "", ""
            reader = _Hashed(source)
            self._tar.addfile(member, reader)
        self.files[name] = FileFacts(sha256=reader.digest.hexdigest(), bytes=member.size)

    def finish(self, contents: Contents) -> None:
        """Write the manifest; nothing may follow."""
        text = contents.model_dump_json(indent=1).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(text), 0o600
        self._tar.addfile(member, io.BytesIO(text))


class _Hashed:
    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self.digest.update(block)
        return block


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Give an archive to fill; it takes its name only when the block ends well. ``.gz`` or ``.tgz`` is compressed."""
    with replacing(path) as sink:
        mode: Literal["w|gz", "w|"] = "w|gz" if path.suffix in {".gz", ".tgz"} else "w|"
        with tarfile.open(fileobj=sink, mode=mode, format=tarfile.PAX_FORMAT) as tar:
            yield Writer(tar)


def unpack(path: Path, folder: Path) -> Contents:
    """Write an archive's files below ``folder`` and check each; raises BrokenArchive if anything is amiss."""
    try:
        with tarfile.open(path, mode="r|*") as tar:
            for member in tar:
                _refuse_strange(path, member)
                tar.extract(member, folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise BrokenArchive(path, f"it cannot be read ({type(error).__name__})") from error
    contents = _contents(path, folder / MANIFEST)
    found = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()} - {MANIFEST}
    if missing := sorted(set(contents.files) ^ found):
        raise BrokenArchive(path, f"its manifest and its files differ: {missing[0]}")
    for name, facts in contents.files.items():
        if sha256_of(folder / name) != facts.sha256:
            raise BrokenArchive(path, f"{name} is not as it was written")
    return contents


def _refuse_strange(path: Path, member: tarfile.TarInfo) -> None:
    """Take nothing but plain files below the folder: an archive may have been made by anybody."""
    parts = PurePosixPath(member.name)
    if not member.isreg() or parts.is_absolute() or ".." in parts.parts:
        raise BrokenArchive(path, f"it holds {member.name!r}, which is no plain file of a backup")


def _contents(path: Path, manifest: Path) -> Contents:
    try:
        contents = Contents.model_validate_json(manifest.read_bytes())
    except FileNotFoundError as error:
        raise BrokenArchive(path, "it has no manifest: it is no backup, or it was cut off") from error
    except ValidationError as error:
        raise BrokenArchive(path, f"its manifest cannot be read ({error.error_count()} faults)") from error
    if contents.format > FORMAT:
        raise BrokenArchive(path, f"expected format {FORMAT} or older; found {contents.format}: update this program")
    return contents
