"""The notebooks run from first cell to last on the sample, as an analyst would run them, and show what they promise."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    """Yield ("markdown" or "code", text) of each cell of a percent-format script."""
    text = path.read_text(encoding="utf-8")
    starts = [found.start() for found in re.finditer(r"^# %%", text, re.MULTILINE)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        head, _, body = text[start:end].partition("\n")
        above = "\n" * (text[:start].count("\n") + 1)  # so that a traceback names the line of the file
        yield "markdown" if "[markdown]" in head else "code", above + body


def _run(path: Path) -> list[Any]:
    """Run the code cells in order in one namespace; return what a notebook would display under each."""
    names: dict[str, Any] = {}
    shown = []
    for kind, text in _cells(path):
        if kind == "markdown":
            assert all(line.startswith("#") for line in text.splitlines() if line.strip()), text
            continue
        tree = ast.parse(text)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, str(path), "exec"), names)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), str(path), "eval"), names))
    return [value for value in shown if value is not None]


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sample's vectors are kept from one notebook to the next."""
    return tmp_path_factory.mktemp("vectors")


@pytest.fixture
def settings(vectors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from service.settings import load_settings

    monkeypatch.setenv("MATCHER_CACHE_DIR", str(vectors))
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path))
    return load_settings()


def _pictures(shown: list[Any]) -> list[str]:
    pictures = [value._repr_svg_() for value in shown if hasattr(value, "_repr_svg_")]
    for picture in pictures:
        ET.fromstring(picture)
    return pictures


@pytest.mark.model
def test_the_first_look_explains_one_need_of_a_release(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from service.demo import import_sample
    from service.nightly import Night, run_night
    from service.store import open_store

    store = open_store(settings.database_url)
    import_sample(store)
    store.close()
    run_night(settings, Night(date(2026, 11, 22)), datetime(2026, 11, 22, tzinfo=UTC))
    tiers, waterfall = _pictures(_run(FOLDER / "first_look_at_a_release.py"))
    said = capsys.readouterr().out
    assert "tier A" in tiers
    assert "z, score" in waterfall
    assert re.search(r"\d+ needs, \d+ capabilities", said)
    assert "place:" in said


@pytest.mark.model
def test_quality_is_judged_beside_three_baselines(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    means, differences, reliability = _pictures(_run(FOLDER / "judging_quality.py"))
    assert settings.model == "bundled"
    said = capsys.readouterr().out
    for name in ("BM25", "MiniLM", "fusion"):
        assert name in means
        assert name in differences
    assert "predicted" in reliability
    assert "nDCG@10" in said
    assert "LDC" in said


def test_there_are_no_other_notebooks_and_each_begins_by_saying_what_it_is_for() -> None:
    paths = sorted(FOLDER.glob("*"))
    assert [path.name for path in paths] == ["first_look_at_a_release.py", "judging_quality.py"]
    for path in paths:
        assert next(_cells(path))[0] == "markdown"
