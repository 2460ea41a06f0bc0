"""Progress: for people at a terminal, silence for everything else, and never a change to the work."""

import io
import sys

import pytest

from service.progress import Counter, Watched, track


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> _Terminal:
    """Patch inside the test: pytest sets standard error anew between fixtures and the test."""
    shown = _Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return shown


def test_in_a_pipe_nothing_is_written_and_items_pass_unchanged(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track([1, 2, 3], "needs", 3)) == [1, 2, 3]
    count = Counter("texts")
    count(1, 2)
    count(2, 2)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


def test_at_a_terminal_the_label_and_the_count_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _at_a_terminal(monkeypatch)
    assert list(track(iter("abc"), "matching needs", 3)) == list("abc")
    assert "matching needs" in terminal.getvalue()
    assert "/3" in terminal.getvalue()


def test_work_within_work_is_shown_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are encoded while needs are matched: the inner bar must not trip over the outer one."""
    terminal = _at_a_terminal(monkeypatch)
    count = Counter("encoding texts")
    for _ in track(range(2), "matching needs", 2):
        count(1, 2)
        count(2, 2)
    assert "encoding texts" in terminal.getvalue()


def test_work_that_is_done_at_once_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _at_a_terminal(monkeypatch)
    Counter("encoding texts")(5, 5)
    assert terminal.getvalue() == ""


def test_an_item_counts_when_the_next_is_asked_for_so_a_break_stops_cleanly(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _at_a_terminal(monkeypatch)
    for item in track(range(10), "needs", 10):
        if item == 2:
            break
    assert terminal.getvalue()


def test_a_watched_sequence_is_the_sequence() -> None:
    watched = Watched([3, 1, 2], "records")
    assert (len(watched), watched[0], list(watched[1:]), list(watched)) == (3, 3, [1, 2], [3, 1, 2])
