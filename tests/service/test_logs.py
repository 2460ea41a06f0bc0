"""Logging: one setup, constant messages with facts beside them, on standard error."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from service.logs import configure_logging
from service.settings import load_settings
from tests.logs import log_as_unless_told


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    log_as_unless_told()


def test_json_is_one_object_a_line_with_the_facts_as_keys(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(log_format="json", log_level="info"))
    structlog.get_logger("night").info("release published", release="r1", needs=3)
    shown = capsys.readouterr()
    event = json.loads(shown.err)
    assert (event["event"], event["release"], event["needs"], event["level"]) == ("release published", "r1", 3, "info")
    assert shown.out == ""


def test_events_of_the_standard_library_come_out_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(log_format="json"))
    logging.getLogger("embeddings.cache").warning("texts were cut off", extra={"texts": 2})
    event = json.loads(capsys.readouterr().err)
    assert (event["event"], event["texts"], event["level"]) == ("texts were cut off", 2, "warning")


def test_a_message_is_not_told_twice_with_the_escapes_of_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(log_format="json", log_level="info"))
    logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "\x1b[36mStarted", "pid": 7})
    event = json.loads(capsys.readouterr().err)
    assert (event["event"], event["pid"], "color_message" in event) == ("Started", 7, False)


def test_what_is_less_severe_than_asked_for_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(log_level="error"))
    structlog.get_logger("a").warning("one")
    logging.getLogger("b").warning("two")
    assert capsys.readouterr().err == ""


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(load_settings(log_level="info"))
    structlog.get_logger("night").info("release published", release="r1")
    assert "release published" in capsys.readouterr().err
