"""TREC files: read strictly, written so that every reader sees the same order."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from matcher.errors import BadInput
from service.trec import read_qrels, read_run


def _file(folder: Path, text: str) -> Path:
    path = folder / "file.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_run_is_read_in_any_order_of_lines(tmp_path: Path) -> None:
    run = read_run(_file(tmp_path, "n2 Q0 b 2 0.5 x\nn1 Q0 a 1 0.9 x\n\nn2\tQ0\tc\t1\t0.7\tx\n"))
    assert run == {"n2": {"b": 0.5, "c": 0.7}, "n1": {"a": 0.9}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n Q0 a 1 0.9 x\nn Q0 b 0.9 x\n", "six fields.*line 2"),
        ("n Q0 a 1 high x\n", "a number in the last place.*line 1"),
        ("n Q0 a 1 nan x\n", "a finite number.*line 1"),
        ("n Q0 a 1 0.9 x\nn Q0 a 2 0.8 x\n", "each capability once for need n.*line 2"),
    ],
)
def test_a_bad_line_of_a_run_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_run(_file(tmp_path, text))


def test_both_forms_of_judgements_say_the_same(tmp_path: Path) -> None:
    trec = read_qrels(_file(tmp_path, "n1 0 a 2\nn1 0 b 0\n"))
    table = read_qrels(_file(tmp_path, "query-id\tcorpus-id\tscore\nn1\ta\t2\nn1\tb\t0\n"))
    assert trec == table == {"n1": {"a": 2, "b": 0}}


@pytest.mark.parametrize(
    "header",
    ["query_id\tdoc_id\trelevance", "query-id\tcorpus-id\tscore", "need 0 capability grade", "q\tQ0\tdoc\tRel"],
)
def test_a_header_is_known_by_what_it_calls_the_grade(tmp_path: Path, header: str) -> None:
    form = "n1\ta\t2\n" if header.count("\t") == 2 else "n1 0 a 2\n"
    assert read_qrels(_file(tmp_path, f"{header}\n{form}")) == {"n1": {"a": 2}}


def test_ids_with_spaces_are_read_from_the_tab_separated_form(tmp_path: Path) -> None:
    assert read_qrels(_file(tmp_path, "query-id\tcorpus-id\tscore\nn 1\ta b\t1\n")) == {"n 1": {"a b": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n1 a 1\n", "four fields.*line 1"),
        ("query-id\tcorpus-id\tscore\nn1\ta\n", "three tab-separated fields.*line 2"),
        ("n1 0 a 0.5\n", "a whole number.*line 1"),
        ("n1 0 a 99999999999999999999\n", "a whole number up to 1000000.*line 1"),
        ("n1 0 a yes\n", "a number.*line 1"),
        ("n1 0 a 1\nn1 0 a 2\n", "one grade for a pair.*line 2"),
    ],
)
def test_a_bad_judgement_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_qrels(_file(tmp_path, text))


def test_a_step_survives_single_precision_in_which_trec_eval_compares() -> None:
    from service.trec import STEP

    scores = np.array([1.0, 1.0 - STEP, 1.0 - 2 * STEP], dtype=np.float32)
    assert scores[0] > scores[1] > scores[2]


def test_judgements_as_a_table_need_no_header(tmp_path: Path) -> None:
    """Three tab-separated columns are a table whether they are named or not, with either line end and "1.0" for 1."""
    assert read_qrels(_file(tmp_path, "n 1\ta\t1.0\r\nn 1\tb\t0\r\n")) == {"n 1": {"a": 1, "b": 0}}
    assert read_qrels(_file(tmp_path, "n1\t0\ta\t1\r\n")) == {"n1": {"a": 1}}


@pytest.mark.parametrize("read", [read_run, read_qrels])
def test_a_workbook_or_a_file_in_utf16_is_not_quoted_but_told_how_to_save(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "judged"
    path.write_text("n1 0 a 1\n", encoding="utf-16")
    with pytest.raises(BadInput, match=r"not_text: .*text file in UTF-8.*save it as plain text") as refused:
        read(path)
    assert "\0" not in str(refused.value)
