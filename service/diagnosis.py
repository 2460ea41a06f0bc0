"""Is everything in place? Looked at without changing anything and without loading the model or torch."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata, util
from pathlib import Path
from typing import Final, Literal

from embeddings.errors import EmbeddingError
from matcher.errors import MatcherError
from service.encoders import HASHING, make_encoder
from service.settings import Settings, unknown_variables

GIGABYTE: Final = 1_000_000_000
ROOM_LOW: Final = 5 * GIGABYTE  # a night over 100,000 capabilities writes about 1 GB; retention keeps several
ROOM_NONE: Final = GIGABYTE // 2
_WEIGHTS: Final = {".safetensors", ".bin"}
STALE_DAYS: Final = 3  # nights are nightly; three missed ones are no accident

State = Literal["ok", "note", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``todo`` is empty when there is nothing to do."""

    check: str
    state: State
    detail: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What ``matcher doctor --json`` writes; ``healthy`` when nothing is broken."""

    healthy: bool
    findings: tuple[Finding, ...]


def diagnose(settings: Settings, now: datetime) -> Diagnosis:
    """Look at everything; what cannot be looked at is a finding, never an exception."""
    checks: tuple[tuple[str, Callable[[Settings, datetime], Finding]], ...] = (
        ("settings", _settings),
        ("model", _model),
        ("torch", _torch),
        ("reference data", _reference),
        ("store", _store),
        ("release", _release),
        ("scorer", _scorer),
        ("folders", _folders),
        ("disk", _disk),
        ("cache", _cache),
    )
    findings = tuple(_looked(name, check, settings, now) for name, check in checks)
    return Diagnosis(all(finding.state != "broken" for finding in findings), findings)


def _looked(name: str, check: Callable[[Settings, datetime], Finding], settings: Settings, now: datetime) -> Finding:
    try:
        return check(settings, now)
    except (MatcherError, EmbeddingError, OSError) as error:
        return Finding(name, "broken", str(error), "see the message; then run matcher doctor again")


def _settings(_given: Settings, _now: datetime) -> Finding:
    unknown = unknown_variables()
    if not unknown:
        return Finding("settings", "ok", "every MATCHER_ variable is a setting")
    said = (f"{name}, meant {near}?" if near else name for name, near in unknown.items())
    return Finding("settings", "note", f"no setting, sets nothing: {'; '.join(said)}", "rename or unset it")


def _model(settings: Settings, _now: datetime) -> Finding:
    if settings.model == HASHING:
        return Finding("model", "note", "hashing: a baseline without meaning", "unset MATCHER_MODEL for the real model")
    from embeddings.model_files import BUNDLED, check_bundled, find

    files = find(settings.model)
    if not any(path.suffix in _WEIGHTS for path in files.folder.rglob("*")):
        todo = "name the folder of a sentence-transformers model, or unset MATCHER_MODEL"
        return Finding("model", "broken", f"{files.folder} holds no weights (*.safetensors or *.bin)", todo)
    covered = make_encoder(settings, cached=False).languages
    said = f"covers {', '.join(sorted(covered))}" if covered else "does not say which languages it covers"
    if settings.model == BUNDLED:
        check_bundled(files.folder)
        return Finding("model", "ok", f"{files.name}, checksum as expected, {said}")
    fix = "" if covered else "set MATCHER_MODEL_LANGUAGES, or no list will say where it is weak"
    return Finding("model", "ok" if covered else "note", f"{files.name}, checksum not known, {said}", fix)


def _torch(_settings: Settings, _now: datetime) -> Finding:
    """Read torch's own note of its build; importing it would take seconds."""
    found = util.find_spec("torch")
    if found is None or not found.origin:
        return Finding("torch", "broken", "not installed", "run make, or pip install -c constraints.txt .")
    version = metadata.version("torch")
    note = (Path(found.origin).parent / "version.py").read_text(encoding="utf-8")
    cuda = re.search(r"^cuda\b[^=]*=\s*'([^']+)'", note, re.MULTILINE)
    build = f"CUDA {cuda[1]} build" if cuda else "processor build"
    return Finding("torch", "ok", f"{version}, {build}")


def _reference(_settings: Settings, _now: datetime) -> Finding:
    from service.reference import load_places

    return Finding("reference data", "ok", f"{len(load_places().codes)} countries and areas")


def _store(settings: Settings, _now: datetime) -> Finding:
    from service.store import Store, StoreUnavailable, connect, parse_address
    from service.store.schema import REVISIONS

    url = parse_address(settings.database_url)
    address = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return Finding("store", "note", f"{address} is not there yet", "matcher import or matcher demo makes it")
    store = Store(connect(settings.database_url))
    try:
        current = store.has_tables()
    except StoreUnavailable as error:
        todo = "check that it runs and that the address is right; a damaged file: restore a copy"
        return Finding("store", "broken", f"{address}: {error.why}", todo)
    finally:
        store.close()
    if not current:
        return Finding("store", "note", f"{address} is empty", "matcher import fills it")
    return Finding("store", "ok", f"{address}, schema {REVISIONS[-1]}")


def _release(settings: Settings, now: datetime) -> Finding:
    from service.releases import current_release
    from service.releases.reading import current_id

    if current_id(settings.releases_dir) is None:
        return Finding("release", "note", f"none published in {settings.releases_dir}", "run matcher nightly")
    manifest = current_release(settings.releases_dir).manifest
    days = (now - manifest.created_at).total_seconds() / 86_400
    detail = f"{manifest.id}, {days:.1f} days old"
    if days > STALE_DAYS:
        return Finding("release", "note", detail, "run matcher nightly, and look why it did not run")
    if _is_of_another_model(settings, manifest.facts.model):
        detail = f"{detail}, made with {manifest.facts.model}: a server that is set to another matches no new text"
        return Finding("release", "note", detail, "run matcher nightly, or set MATCHER_MODEL as it was")
    return Finding("release", "ok", detail)


def _is_of_another_model(settings: Settings, made_with: str) -> bool:
    try:
        return make_encoder(settings, cached=False).name != made_with
    except EmbeddingError:  # said where the model is looked at
        return False


def _scorer(settings: Settings, _now: datetime) -> Finding:
    from service import scorers
    from service.releases import ReleaseError
    from service.releases.manifest import EXPERTS, read_manifest
    from service.releases.reading import current_id

    name = scorers.promoted(scorers.folder_of(settings))
    if name is not None:
        scorers.chosen(scorers.folder_of(settings), make_encoder(settings, cached=False).name)
    taken = name or EXPERTS
    try:
        served = read_manifest(settings.releases_dir / (current_id(settings.releases_dir) or "none")).facts.scored_by
    except ReleaseError:  # said where the release is looked at
        served = taken
    if served == taken:
        return Finding("scorer", "ok", taken)
    detail = f"nights take {taken}, the release that is served took {served}"
    return Finding("scorer", "note", detail, "run matcher nightly, or matcher learn --list to see why")


def _folders(settings: Settings, _now: datetime) -> Finding:
    """Ask the operating system what may be written; a try would change something."""
    for folder in (settings.data_dir, settings.releases_dir, settings.cache_dir):
        there = _there(folder)
        if not there.is_dir():
            return Finding("folders", "broken", f"{folder}: {there} is no folder", "name another place")
        if not os.access(there, os.W_OK | os.X_OK):
            todo = "let the account that runs matcher write it, or name another place"
            return Finding("folders", "broken", f"{folder}: {there} cannot be written by this account", todo)
    return Finding("folders", "ok", "data, releases and cache can be written")


def _there(folder: Path) -> Path:
    """Return the folder, or what exists of the way to it."""
    path = folder.absolute()
    return next(place for place in (path, *path.parents) if place.exists())


def _disk(settings: Settings, _now: datetime) -> Finding:
    free = shutil.disk_usage(_there(settings.data_dir)).free
    detail = f"{free / GIGABYTE:.1f} GB free for {settings.data_dir}"
    if free < ROOM_NONE:
        return Finding("disk", "broken", detail, "free some space, or set MATCHER_DATA_DIR to a larger disk")
    if free < ROOM_LOW:
        return Finding("disk", "note", detail, "a night needs about 1 GB for each 100,000 capabilities")
    return Finding("disk", "ok", detail)


def _cache(settings: Settings, _now: datetime) -> Finding:
    folder = settings.cache_dir
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0
    return Finding("cache", "ok", f"{size / 1e6:.1f} MB of vectors in {folder}; safe to delete")


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)
