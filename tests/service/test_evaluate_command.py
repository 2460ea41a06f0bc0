"""``matcher evaluate``: files in, figures out, keys as documented."""

import json
from pathlib import Path

import jsonschema
import pytest

from matcher.evaluation import MEASURES
from service import cli

SCHEMA = Path(__file__).parents[2] / "data" / "schema" / "evaluation.json"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    texts = {
        "run": "n1 Q0 a 1 0.9 x\nn1 Q0 b 2 0.8 x\nn2 Q0 c 1 0.9 x\n",
        "worse": "n1 Q0 b 1 0.9 x\nn1 Q0 a 2 0.8 x\nextra Q0 a 1 0.8 x\n",
        "qrels": "query-id\tcorpus-id\tscore\nn1\ta\t1\nn2\tc\t1\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return {name: str(tmp_path / name) for name in texts}


def _run(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["evaluate", *arguments])
    assert not left.value.code


def test_json_fits_the_published_schema(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    _run(["--run", files["run"], "--qrels", files["qrels"], "--json"])
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert found["needs"] == 2
    assert found["baseline"] is None
    assert {name: estimate["value"] for name, estimate in found["measures"].items()} == dict.fromkeys(MEASURES, 1)


def test_json_with_a_baseline_fits_the_schema_too(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    _run(["--run", files["run"], "--qrels", files["qrels"], "--baseline", files["worse"], "--json"])
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert found["baseline"]["measures"]["MRR"]["value"] == pytest.approx(0.25)
    assert found["baseline"]["difference"]["MRR"]["value"] == pytest.approx(0.75)


def test_the_table_names_every_measure_and_what_did_not_count(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    _run(["--run", files["worse"], "--qrels", files["qrels"]])
    shown = capsys.readouterr().out
    assert all(name in shown for name in MEASURES)
    assert "2 needs judged, 1 of them without results" in shown
    assert "1 need of the run not judged" in shown


def test_a_comparison_says_whether_the_difference_is_real(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    _run(["--run", files["run"], "--qrels", files["qrels"], "--baseline", files["run"]])
    assert "not shown to be real" in capsys.readouterr().out


def test_measures_of_the_report_are_those_that_are_computed() -> None:
    from typing import get_args

    from service.judging import Measure

    assert get_args(Measure) == tuple(MEASURES)


@pytest.mark.parametrize(("text", "got"), [("q1 Q0 a 1 0.9 x\n", "1 needs such as 'q1'"), ("", "an empty run")])
@pytest.mark.parametrize("option", ["--run", "--baseline"])
def test_a_run_of_other_needs_is_an_error_not_a_row_of_zeros(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, got: str, option: str
) -> None:
    (tmp_path / "other").write_text(text)
    given = {"--run": files["run"], "--qrels": files["qrels"], option: str(tmp_path / "other")}
    with pytest.raises(SystemExit) as left:
        cli.main(["evaluate", *(part for pair in given.items() for part in pair)])
    assert left.value.code == 1
    said = capsys.readouterr()
    assert not said.out
    assert "expected a run of judged needs, such as 'n1'" in said.err
    assert got in said.err.replace('"', "")


def test_records_refused_in_the_files_beside_a_ranking_are_told(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Figures leave them out, and would change without a word."""
    needs = tmp_path / "needs.csv"
    needs.write_text('id,title\nn1,Pumps\nn2,"Wells\n')
    _run(["--run", files["run"], "--qrels", files["qrels"], "--needs", str(needs)])
    assert "1 record refused in needs.csv: matcher import --dry-run --rejects FILE" in capsys.readouterr().out
