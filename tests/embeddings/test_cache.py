import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.cache import CachedEncoder, Facts, VectorCache, digests_of
from embeddings.encoder import HashingEncoder, Matrix
from embeddings.errors import CacheError

ROOT = Path(__file__).parents[2]
FACTS = Facts("fake@1/float32", 16, 256)


class Counting(HashingEncoder):
    """Notes every text it is asked for."""

    def __init__(self) -> None:
        super().__init__(16)
        self.asked: list[str] = []

    def encode_documents(self, texts: Sequence[str]) -> Matrix:
        self.asked += texts
        return super().encode_documents(texts)


class Wavering(Counting):
    """Never gives the same row twice, as a model whose rows depend a little on the batch."""

    def encode_documents(self, texts: Sequence[str]) -> Matrix:
        rows = super().encode_documents(texts)
        return rows + np.random.default_rng().standard_normal(rows.shape, dtype=np.float32) * np.float32(1e-3)


def the_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.vectors"))


def run_python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_the_cache_returns_the_bytes_it_was_given(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((3, 16), dtype=np.float32)
    digests = digests_of(["a", "b", "c"])
    assert VectorCache(tmp_path).keep(FACTS, "query", digests, rows) is rows
    out = np.zeros_like(rows)
    found = VectorCache(tmp_path).read(FACTS, "query", digests[::-1], out, np.arange(3))
    assert found.all()
    assert out.tobytes() == np.ascontiguousarray(rows[::-1]).tobytes()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.text(max_size=4), max_size=12), min_size=1, max_size=4))
def test_whatever_is_asked_the_answer_is_the_encoder_s_own(
    tmp_path_factory: pytest.TempPathFactory, calls: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    plain = HashingEncoder(16)
    for texts in calls:
        for encoder in (CachedEncoder(plain, VectorCache(folder)), CachedEncoder(Counting(), VectorCache(folder))):
            assert encoder.encode_documents(texts).tobytes() == plain.encode_documents(texts).tobytes()


def test_only_what_is_missing_is_encoded_once_each(tmp_path: Path) -> None:
    inner = Counting()
    cache = VectorCache(tmp_path)
    CachedEncoder(inner, cache).encode_documents(["wind", "sun"])
    rows = CachedEncoder(inner, cache).encode_documents(["sun", "rain", "", "rain", "wind"])
    assert inner.asked == ["wind", "sun", "rain"]
    assert np.array_equal(rows[1], rows[3])
    assert not rows[2].any()
    assert (cache.hits, cache.misses, cache.vectors_written) == (2, 4, 3)


def test_rows_of_the_two_roles_are_kept_apart(tmp_path: Path) -> None:
    encoder = CachedEncoder(Wavering(), VectorCache(tmp_path))
    assert not np.array_equal(encoder.encode_documents(["sun"]), encoder.encode_queries(["sun"]))


def test_a_cached_row_is_the_row_however_the_model_wavers(tmp_path: Path) -> None:
    first = CachedEncoder(Wavering(), VectorCache(tmp_path)).encode_documents(["sun", "wind"])
    again = CachedEncoder(Wavering(), VectorCache(tmp_path)).encode_documents(["wind", "tide", "sun"])
    assert np.array_equal(again[[2, 0]], first)


def test_what_another_wrote_first_is_what_a_late_writer_gets_back(tmp_path: Path) -> None:
    digests = digests_of(["a", "b"])
    ones, twos = np.full((1, 16), 1, dtype=np.float32), np.full((2, 16), 2, dtype=np.float32)
    slow = VectorCache(tmp_path)
    VectorCache(tmp_path).keep(FACTS, "query", digests[:1], ones)
    kept = slow.keep(FACTS, "query", digests, twos)
    assert np.array_equal(kept, np.vstack([ones, twos[1:]]))


def test_dimension_and_window_are_answered_without_the_model_once_known(tmp_path: Path) -> None:
    class Unloadable:
        name = "hashing-16@1/float32"

        @property
        def dimension(self) -> int:
            raise AssertionError("the model was loaded")

        max_tokens = dimension
        encode_queries = encode_documents = count_tokens = Counting.encode_documents

    known = CachedEncoder(Counting(), VectorCache(tmp_path)).encode_documents(["sun"])
    encoder = CachedEncoder(Unloadable(), VectorCache(tmp_path))  # type: ignore[arg-type]  # only what is asked for
    assert (encoder.dimension, encoder.max_tokens) == (16, 256)
    assert np.array_equal(encoder.encode_documents(["sun"]), known)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"name": "fake@1/float32", "dimension": "x", "max_tokens": 1}'])
def test_spoilt_facts_are_as_good_as_none(tmp_path: Path, text: str) -> None:
    cache = VectorCache(tmp_path)
    cache.keep_facts(FACTS)
    assert cache.facts(FACTS.name) == FACTS
    next(tmp_path.rglob("facts.json")).write_text(text)
    assert cache.facts(FACTS.name) is None


def test_models_whose_names_look_alike_as_file_names_are_kept_apart(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    one, two = Facts("a/b@1/float32", 16, 1), Facts("a-b@1/float32", 16, 1)
    cache.keep(one, "query", digests_of(["x"]), np.ones((1, 16), dtype=np.float32))
    assert not cache.read(two, "query", digests_of(["x"]), np.zeros((1, 16), dtype=np.float32), np.arange(1)).any()


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_flipped_byte_never_gives_a_wrong_vector(
    tmp_path_factory: pytest.TempPathFactory, at: int, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    texts = [f"text {number}" for number in range(20)]
    right = CachedEncoder(Counting(), VectorCache(folder)).encode_documents(texts)
    (path,) = the_files(folder)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= flip
    path.write_bytes(data)
    for _ in range(2):  # mended by the first reading, and whole for the second
        mended = Counting()
        assert np.array_equal(CachedEncoder(mended, VectorCache(folder)).encode_documents(texts), right)
    assert not mended.asked


@pytest.mark.parametrize("length", [0, 10, 64, 200, 1000])
def test_a_file_cut_short_is_noticed_reported_and_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, length: int
) -> None:
    texts = [f"text {number}" for number in range(20)]
    right = CachedEncoder(Counting(), VectorCache(tmp_path)).encode_documents(texts)
    (path,) = the_files(tmp_path)
    os.truncate(path, length)
    assert np.array_equal(CachedEncoder(Counting(), VectorCache(tmp_path)).encode_documents(texts), right)
    assert "damaged" in caplog.text
    assert not path.exists()
    assert len(the_files(tmp_path)) == 1


def test_what_a_killed_writer_left_is_ignored_and_swept(tmp_path: Path) -> None:
    encoder = CachedEncoder(Counting(), VectorCache(tmp_path))
    encoder.encode_documents(["sun"])
    (path,) = the_files(tmp_path)
    draft = path.with_name("half.draft")
    draft.write_bytes(path.read_bytes()[:100])
    inner = Counting()
    CachedEncoder(inner, VectorCache(tmp_path)).encode_documents(["sun", "wind"])
    assert inner.asked == ["wind"]
    assert not draft.exists()


def test_many_small_writings_end_in_few_files_and_lose_nothing(tmp_path: Path) -> None:
    """A reader from before the merging goes on reading what it had mapped."""
    early = CachedEncoder(Counting(), VectorCache(tmp_path))
    texts = [f"text {number}" for number in range(100)]
    first = early.encode_documents(texts[:1])
    writer = CachedEncoder(Counting(), VectorCache(tmp_path))
    for text in texts:
        writer.encode_documents([text])
    assert len(the_files(tmp_path)) <= 22  # 7 of each of the sizes 1, 8 and 64, and one
    inner = Counting()
    rows = CachedEncoder(inner, VectorCache(tmp_path)).encode_documents(texts)
    assert not inner.asked
    assert np.array_equal(rows, HashingEncoder(16).encode_documents(texts))
    assert np.array_equal(early.encode_documents(texts[:1]), first)
    assert np.array_equal(early.encode_documents(texts), rows)


def test_damage_is_not_carried_into_a_merged_file(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(8)]
    for text in texts[:7]:
        CachedEncoder(Counting(), VectorCache(tmp_path)).encode_documents([text])
    damaged = the_files(tmp_path)[0]
    data = bytearray(damaged.read_bytes())
    data[-1] ^= 1
    damaged.write_bytes(data)
    CachedEncoder(Counting(), VectorCache(tmp_path)).encode_documents(texts[7:])
    inner = Counting()
    rows = CachedEncoder(inner, VectorCache(tmp_path)).encode_documents(texts)
    assert len(inner.asked) == 1
    assert np.array_equal(rows, HashingEncoder(16).encode_documents(texts))


WRITER = """
import sys, hashlib
from pathlib import Path
import numpy as np
from embeddings.cache import CachedEncoder, VectorCache
class Random:
    name, dimension, max_tokens = "random@1/float32", 16, 256
    def encode_documents(self, texts):
        return np.random.default_rng().standard_normal((len(texts), 16), dtype=np.float32)
encoder = CachedEncoder(Random(), VectorCache(Path(sys.argv[1])))
first, last, step = map(int, sys.argv[2:])
print("ready", flush=True)
for start in range(first, last, step):
    encoder.encode_documents([f"text {number}" for number in range(start, start + step)])
rows = encoder.encode_documents([f"text {number}" for number in range(120)])
print(hashlib.sha256(rows.tobytes()).hexdigest())
"""


def test_processes_that_write_at_once_lose_nothing_and_agree_on_every_row(tmp_path: Path) -> None:
    spans = [(0, 80, 5), (40, 120, 5), (0, 120, 3)]
    writers = [run_python(WRITER, tmp_path, *span) for span in spans]
    outputs = [writer.communicate(timeout=120)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    late = run_python(WRITER, tmp_path, 0, 0, 1).communicate(timeout=60)[0]
    # each asks for all 120 at its end; rows differ at every encoding, so equal digests mean the first row was kept
    assert {*outputs, late} == {late}


def test_threads_share_one_cache(tmp_path: Path) -> None:
    encoder = CachedEncoder(Counting(), VectorCache(tmp_path))
    texts = [f"text {number}" for number in range(60)]
    right = HashingEncoder(16).encode_documents(texts)
    equal: list[bool] = []

    def work(offset: int) -> None:
        spans = [slice(start, start + 10) for start in range(offset, 50, 4)]
        equal.extend(np.array_equal(encoder.encode_documents(texts[span]), right[span]) for span in spans)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert equal == [True] * 50
    assert VectorCache(tmp_path).facts("hashing-16@1/float32") is not None


def kill_writers(folder: Path, times: int) -> None:
    random = np.random.default_rng(5)
    for turn in range(times):
        writer = run_python(WRITER, folder, turn * 1000, turn * 1000 + 1000, 2)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(random.uniform(0, 0.15))
        writer.send_signal(signal.SIGKILL)
        writer.communicate(timeout=60)


def check_after_kills(folder: Path) -> None:
    class Silent(Counting):
        name = "random@1/float32"

    before = CachedEncoder(Silent(), VectorCache(folder)).encode_documents([f"text {n}" for n in range(3000)])
    inner = Silent()
    after = CachedEncoder(inner, VectorCache(folder)).encode_documents([f"text {n}" for n in range(3000)])
    assert np.array_equal(before, after)
    assert not inner.asked
    assert not list(folder.rglob("*.draft"))


def test_a_kill_in_the_middle_of_writing_leaves_a_usable_cache(tmp_path: Path) -> None:
    kill_writers(tmp_path, 3)
    check_after_kills(tmp_path)


@pytest.mark.soak
def test_many_kills_leave_a_usable_cache(tmp_path: Path) -> None:
    kill_writers(tmp_path, 100)
    check_after_kills(tmp_path)


def test_a_call_that_was_stopped_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embeddings.cache._CHUNK", 2)
    done: list[tuple[int, int]] = []

    def stop_after_two_chunks(at: int, of: int) -> None:
        done.append((at, of))
        if at == 4:
            raise KeyboardInterrupt

    inner = Counting()
    texts = ["a", "bb", "ccc", "dddd", "eeeee"]
    with pytest.raises(KeyboardInterrupt):
        CachedEncoder(inner, VectorCache(tmp_path), stop_after_two_chunks).encode_documents(texts)
    assert done == [(2, 5), (4, 5)]
    CachedEncoder(inner, VectorCache(tmp_path)).encode_documents(texts)
    assert inner.asked == ["eeeee", "dddd", "ccc", "bb", "a"]


def test_a_folder_that_takes_no_rows_is_reported_and_the_answer_still_given(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file stands where the folder should be")
    rows = CachedEncoder(Counting(), VectorCache(blocked)).encode_documents(["sun"])
    assert np.array_equal(rows, HashingEncoder(16).encode_documents(["sun"]))
    assert "could not be cached" in caplog.text


@pytest.mark.parametrize(
    "rows",
    [np.ones((1, 8), dtype=np.float32), np.ones((1, 16)), np.full((1, 16), np.nan, dtype=np.float32)],
    ids=["shape", "type", "not finite"],
)
def test_rows_that_cannot_be_right_are_refused(tmp_path: Path, rows: Matrix) -> None:
    with pytest.raises(CacheError, match="expected 1 finite float32 rows of 16"):
        VectorCache(tmp_path).keep(FACTS, "query", digests_of(["a"]), rows)


def test_pruning_keeps_the_named_models_only(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    assert cache.prune(keep=()) == 0
    CachedEncoder(Counting(), cache).encode_documents(["sun"])
    cache.keep(FACTS, "query", digests_of(["a"]), np.ones((1, 16), dtype=np.float32))
    size = cache.size()
    assert 0 < cache.prune(keep=[FACTS.name]) < size
    assert len(the_files(tmp_path)) == 1
    inner = Counting()
    CachedEncoder(inner, cache).encode_documents(["sun"])
    assert inner.asked == ["sun"]


def test_facts_are_plain_json(tmp_path: Path) -> None:
    VectorCache(tmp_path).keep_facts(FACTS)
    told = json.loads(next(tmp_path.rglob("facts.json")).read_text())
    assert told == {"name": "fake@1/float32", "dimension": 16, "max_tokens": 256}
