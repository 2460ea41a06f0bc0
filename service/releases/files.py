"""Durable files: a name either holds the whole content or does not exist."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from matcher.errors import BadInput

if TYPE_CHECKING:
    import numpy as np

TEMPORARY = ".tmp"
_CHUNK = 1 << 20


def open_for_writing(path: Path) -> IO[bytes]:
    """Open the one way by which a release is written; tests make the disk full here."""
    return path.open("wb")


def require_place(path: Path) -> None:
    """Refuse a result's path before any work is done for it: in a folder that is not there, or a folder itself."""
    if path.is_dir():
        raise BadInput("no_file", expected="a file to write", got=str(path), fix="it is a folder: name a file in it")
    if not path.parent.is_dir():
        fix = "make the folder first, or check the path for a slip"
        raise BadInput("no_folder", expected="a file in a folder that exists", got=str(path), fix=fix)
    asked = (path.parent, os.W_OK | os.X_OK) if _takes_a_file(path) else (path, os.W_OK)
    if not os.access(*asked):
        fix = "name a file elsewhere, or have the folder opened to you"
        raise BadInput("no_entry", expected="a file in a folder that you may write in", got=str(path), fix=fix)


def misnamed(path: Path, form: str) -> str:
    """Say that a file's name speaks of another form than it is written in; "" where it does not."""
    spoken = _FORMS.get(path.suffix.lower(), form)
    return "" if spoken == form else f"{path.name}: written as {form}, as --format says, not as its name does"


_FORMS: Final = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".html": "brief",
    ".trec": "trec",
}
"""Ending of a file's name -> the ``--format`` it speaks of."""


def _takes_a_file(path: Path) -> bool:
    return path.is_file() or not path.exists()


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write; it takes the place of ``path`` only when the block ends well, already on disk.

    A link stays and its file is replaced. A device or a pipe (/dev/null, /dev/stdout) is written into: a file in its
    place would be the end of it.
    """
    if not _takes_a_file(path):
        with path.open("wb") as sink:
            yield sink
        return
    path = path.resolve() if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}{TEMPORARY}")  # hidden: nobody's own "run.tmp" is in its way
    try:
        with open_for_writing(temporary) as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` under ``path``, whole or not at all."""
    with replacing(path) as sink:
        sink.write(content)


def write_array(path: Path, array: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> None:
    """Write one array in numpy's own format, whole or not at all."""
    import numpy as np

    with replacing(path) as sink:
        np.save(sink, np.ascontiguousarray(array), allow_pickle=False)


def map_array(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[Any]]":
    """Map an array read-only: shared by all processes that map it, and read when touched.

    Given as a plain array over the mapping: numpy's own memmap class costs microseconds at every slice.
    """
    import numpy as np

    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def flush_folder(folder: Path) -> None:
    """Bring the names in ``folder`` to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_tree(folder: Path) -> None:
    """Bring the names in ``folder`` and below to disk, deepest first."""
    for path in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
        flush_folder(path)
    flush_folder(folder)


def sha256_of(path: Path) -> str:
    """Hash a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sweep_temporaries(folder: Path) -> None:
    """Remove what an interrupted run had begun to write."""
    for path in folder.rglob("*" + TEMPORARY):
        path.unlink(missing_ok=True)
