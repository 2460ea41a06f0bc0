"""Several processes give the bytes that one gives, stop when told to, and never outlive who started them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from joblib.externals.loky.process_executor import _ExecutorManagerThread

from embeddings.encoder import HashingEncoder
from matcher.errors import BadInput, UnknownPlace
from matcher.profiles import Capability, Need, Organisation
from service import engine, ranking
from service.blocks import Remembered
from service.engine import can_copy, processes, spread
from service.ranking import Gathered, make_matcher, rank
from service.reference import load_places
from tests.builders import a_need
from tests.service.night_world import a_night, a_world, contents, records
from tests.waiting import until

ROOT = Path(__file__).parents[2]
KINDS = {"organisations": "org-", "capabilities": "cap-", "needs": "need-"}


@dataclass(frozen=True)
class Told:
    """A job that says who did it, or fails."""

    number: int
    error: Exception | None = None

    def __call__(self) -> tuple[int, int]:
        if self.error is not None:
            raise self.error
        return self.number, os.getpid()


def _alive(pids: set[int]) -> set[int]:
    """Those that still run; one that is dead and not yet waited for has no memory."""
    return {pid for pid in pids if Path(f"/proc/{pid}/smaps").exists() and Path(f"/proc/{pid}/cmdline").read_bytes()}


def _wait_until_gone(pids: set[int]) -> None:
    until(lambda: not _alive(pids), every=0.1)


def test_small_work_starts_no_process_unless_it_is_asked_for() -> None:
    assert processes(engine.WORTH_IT - 1) == 1
    assert processes(engine.WORTH_IT) == engine._cores()
    assert processes(1, wanted=3) == 3
    assert processes(engine.WORTH_IT, wanted=1) == 1


def test_one_process_is_this_one() -> None:
    assert list(spread([Told(0)], 1)) == [(0, os.getpid())]


def test_results_come_in_the_order_of_the_jobs_and_the_workers_go() -> None:
    found = list(spread((Told(number) for number in range(20)), 2))
    assert [number for number, _ in found] == list(range(20))
    assert os.getpid() not in {pid for _, pid in found}
    _wait_until_gone({pid for _, pid in found})


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left"), UnknownPlace("Atlantis"), BadInput("a", expected="b", got=1)]
)
def test_an_error_of_a_worker_arrives_as_it_was(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        list(spread([Told(0), Told(1, error)], 2))
    assert str(caught.value) == str(error)
    assert {**vars(caught.value)} == vars(error) or isinstance(error, OSError)


@dataclass(frozen=True)
class Mapping:
    """A job that leaves its process with as much memory as a mapped catalogue takes."""

    number: int

    def __call__(self) -> int:
        _HELD.append(bytearray(b"1") * (self.number * 400_000_000))
        time.sleep(1.1)  # how often loky looks
        return os.getpid()


_HELD: list[bytearray] = []


def test_a_worker_that_maps_much_is_kept() -> None:
    assert len(set(spread([Mapping(0), Mapping(0), Mapping(1), Mapping(0), Mapping(0), Mapping(0)], 2))) == 2


def test_whoever_stops_early_leaves_no_worker() -> None:
    found = spread((Told(number) for number in range(20)), 2)
    _, pid = next(found)
    assert isinstance(found, Iterator)
    found.close()  # type: ignore[attr-defined]
    _wait_until_gone({pid})


def test_an_encoder_that_is_sent_along_says_what_the_real_one_said() -> None:
    needs = [a_need("n1", title="Wells", summary="Water for a village. " * 200), a_need("n2", title="Light")]
    told = Remembered.of(needs, encoder := HashingEncoder())
    texts = list(told.vectors)
    assert (told.encode_queries(texts) == encoder.encode_queries(texts)).all()
    assert told.encode_queries([]).shape == (0, encoder.dimension)
    assert told.name == encoder.name
    with pytest.raises(KeyError):
        told.encode_documents(["an offer"])


@pytest.mark.usefixtures("quick_disk")
def test_a_night_in_two_processes_has_the_bytes_of_one(tmp_path: Path) -> None:
    one = a_world(tmp_path / "one").model_copy(update={"processes": 1})
    two = a_world(tmp_path / "two").model_copy(update={"processes": 2})
    alone, together = a_night(one), a_night(two)
    assert alone.release_id == together.release_id
    assert contents(one.releases_dir / alone.release_id) == contents(two.releases_dir / together.release_id)


def _files(folder: Path, needs: int) -> Path:
    """Write a small world as files; returns their folder."""
    made = records(needs)
    for kind, start in KINDS.items():
        lines = [f"{one.model_dump_json(exclude_none=True)}\n" for one in made if one.id.startswith(start)]
        (folder / f"{kind}.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def _command(files: Path, out: Path) -> list[str]:
    given = [f"--{kind}={files / kind}.jsonl" for kind in KINDS]
    return [sys.executable, "-m", "service.cli", "match", *given, "--as-of=2026-11-22", f"--out={out}"]


def _environment(folder: Path, processes: int) -> dict[str, str]:
    own = {"MATCHER_MODEL": "hashing", "MATCHER_DATA_DIR": str(folder), "MATCHER_PROCESSES": str(processes)}
    return {**os.environ, **own, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}


def test_matching_files_in_two_processes_writes_the_bytes_of_one(tmp_path: Path) -> None:
    command, written = [*_command(_files(tmp_path, needs=150), tmp_path / "out"), "--format=jsonl"], []
    for count in (1, 2):
        subprocess.run(command, env=_environment(tmp_path, count), check=True, cwd=ROOT)
        written.append((tmp_path / "out").read_bytes())
    assert written[0] == written[1]
    assert written[0].count(b"\n") == 150
    assert not list(tmp_path.glob("matcher-*"))


def test_a_catalogue_that_is_laid_out_for_others_gives_the_lines_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is where the process that has it cannot be copied: where other threads run, or not on Linux."""
    monkeypatch.setattr(ranking, "can_copy", lambda: False)
    known = records(70)
    offers = tuple(sorted((one for one in known if isinstance(one, Capability)), key=lambda one: one.id))
    asked = tuple(one for one in known if isinstance(one, Need))
    found = Gathered(offers, asked, {one.id: one for one in known if isinstance(one, Organisation)}, ())
    matcher = make_matcher(found, HashingEncoder(), load_places(), date(2026, 11, 22))
    assert list(rank(found, matcher, 5, "jsonl", 2)) == list(rank(found, matcher, 5, "jsonl"))


def test_a_process_with_other_threads_is_not_copied() -> None:
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    assert not can_copy()
    done.set()
    other.join()


def test_copies_know_what_this_process_knows() -> None:
    """Results come in order, of other processes, and those go when all is done."""
    told = subprocess.run([sys.executable, "-c", _COPIED], check=True, cwd=ROOT, capture_output=True, text=True)
    assert told.stdout.split() == ["[0,", "1,", "2,", "3]", "True", "True", "0"]


_COPIED = """
import os
from pathlib import Path
from service.engine import can_copy, spread_over_copies

job = lambda number: lambda: (number, os.getpid(), os.environ["KNOWN"])
assert can_copy()
started = spread_over_copies(map(job, range(4)), 2, lambda: os.environ.update(KNOWN="here"))
found = list(started)
pids = {pid for _, pid, _ in found}
left = sum(Path(f"/proc/{pid}/cmdline").exists() and bool(Path(f"/proc/{pid}/cmdline").read_bytes()) for pid in pids)
print([number for number, _, _ in found], os.getpid() not in pids, {it for _, _, it in found} == {"here"}, left)
"""


def test_stopping_is_silent_though_a_block_was_just_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool's thread, when it came to it late, looked for a block that its stopping had just thrown away."""
    failed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    look = _ExecutorManagerThread.wait_result_broken_or_wakeup

    def late(thread: _ExecutorManagerThread) -> tuple[object, bool, object]:
        seen: tuple[object, bool, object] = look(thread)
        time.sleep(0.2)
        return seen

    monkeypatch.setattr(_ExecutorManagerThread, "wait_result_broken_or_wakeup", late)

    def jobs() -> Iterator[partial[None]]:
        yield partial(time.sleep, 60)
        time.sleep(2)  # until it waits for news
        yield partial(time.sleep, 60)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(spread(jobs(), 2))
    assert not failed


def _children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that are matched for longer than these tests wait."""
    return _files(tmp_path_factory.mktemp("many"), needs=20_000)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed by Linux alone")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_command_leaves_no_file_and_no_process(many: Path, tmp_path: Path, number: signal.Signals) -> None:
    """Interrupted as a terminal does it, the whole group at once; told to end; or killed, with nobody left to tell."""
    running = subprocess.Popen(
        _command(many, tmp_path / "out"),
        env=_environment(tmp_path, 2),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    workers: set[int] = set()
    while len(workers) < 2 and running.poll() is None:
        workers |= _children(running.pid)
        time.sleep(0.05)
    time.sleep(1)
    assert running.poll() is None
    if number == signal.SIGINT:
        os.killpg(running.pid, number)
    else:
        running.send_signal(number)
    _, said = running.communicate(timeout=60)
    assert running.returncode in {130, 143, -signal.SIGINT, -signal.SIGKILL}
    assert not (tmp_path / "out").exists()
    assert b"Traceback" not in said, said.decode()
    _wait_until_gone(workers)
    assert number == signal.SIGKILL or not list(tmp_path.glob("matcher-*"))
