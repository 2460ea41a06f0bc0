"""The command line: light to start, clear when it fails, quiet in pipes."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from embeddings.errors import ModelError
from matcher.errors import BadInput
from service import cli

ROOT = Path(__file__).parents[2]
HEAVY = {"numpy", "pydantic", "rich", "torch", "sqlalchemy", "fastapi", "sentence_transformers", "pyarrow", "numba"}


def _code(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    return int(left.value.code or 0)


def _failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make ``matcher doctor`` end with ``error``."""

    def command() -> None:
        """Fail, whatever is asked."""
        raise error

    monkeypatch.setattr("service.commands.doctor.command", command)


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom service.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print('LOADED', sorted({HEAVY!r} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "LOADED []" in answer.stdout
    assert all(f"\n  {name} " in answer.stdout for name in cli.COMMANDS)


def test_no_arguments_show_the_help_and_count_as_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert _code([]) == 2
    shown = capsys.readouterr()
    assert "Commands:" in shown.out + shown.err


def test_version_says_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert _code(["--version"]) == 0
    assert capsys.readouterr().out.startswith("matcher 0.")


@pytest.mark.parametrize("arguments", [["no-such-command"], ["evaluate"], ["doctor", "--no-such-option"]])
def test_wrong_usage_exits_2_and_points_to_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _code(arguments) == 2
    assert "--help" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (BadInput("code", expected="a thing", got=1, fix="do this"), "matcher: code: expected a thing; got 1; do this"),
        (ModelError("m", got="nothing there", fix="unset MATCHER_MODEL"), "matcher: model 'm': nothing there"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "needs.jsonl"), "matcher: needs.jsonl: No such"),
        (OSError(errno.ENOSPC, "No space left on device"), "matcher: No space left on device; make room"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), "matcher: x: Permission denied; let the account"),
        (OSError("no number"), "matcher: no number"),
    ],
)
def test_an_expected_failure_is_one_message_and_exit_1(
    error: BaseException, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _failing(monkeypatch, error)
    assert _code(["doctor"]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith(message)
    assert "Traceback" not in shown.err
    assert not shown.out


def test_ctrl_c_exits_130_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _failing(monkeypatch, KeyboardInterrupt())
    assert _code(["doctor"]) == 130
    assert capsys.readouterr().err == "matcher: stopped; nothing was left half-written\n"


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error must not be dressed up as a user's mistake."""
    _failing(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cli.main(["doctor"])


def test_a_wrong_setting_is_named_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATCHER_PORT", "eighty")
    assert _code(["doctor"]) == 1
    assert "MATCHER_PORT" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error_to_look_at(tmp_path: Path) -> None:
    """``matcher ... | head`` closes the pipe early."""
    run, qrels = tmp_path / "run", tmp_path / "qrels"
    run.write_text("n Q0 a 1 1.0 x\n")
    qrels.write_text("n 0 a 1\n")
    command = f"{sys.executable} -m service.cli evaluate --run {run} --qrels {qrels} --json | true"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    answer = subprocess.run(command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in answer.stderr


def test_the_first_help_says_in_a_whole_sentence_what_each_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal of eighty columns holds them; what is longer would be cut off at the words that matter."""
    assert _code(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:")[2].strip().splitlines()
    assert len(listed) == len(cli.COMMANDS)
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


def test_a_misspelt_variable_is_warned_of_by_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MATCHER_MODLE", "hashing")
    assert _code(["releases", "list"]) == 0
    assert "MATCHER_MODLE is no setting and sets nothing; is MATCHER_MODEL meant?" in capsys.readouterr().err
