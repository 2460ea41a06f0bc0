"""``matcher match``: files in, ranking out; whole or not at all; every need gets its rows."""

import csv
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from service import cli
from service.trec import read_run

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "data" / "schema" / "shortlist.json"

CAPABILITIES: list[dict[str, Any]] = [
    {"id": "turbine", "title": "Village turbines", "text": "Low-head turbines for small rivers.", "trl": 8},
    {"id": "pump", "title": "Solar pumps", "text": "Solar pumps that lift water for irrigation.", "trl": 9},
    {"id": "early", "title": "River turbine study", "text": "A turbine for small rivers, in the laboratory.", "trl": 3},
    {"id": "twin-b", "title": "Fog nets", "text": "Nets that collect water from fog."},
    {"id": "twin-a", "title": "Fog nets", "text": "Nets that collect water from fog."},
]
NEEDS: list[dict[str, Any]] = [
    {"id": "power", "title": "Electricity from a river", "text": "A turbine for a hill village.", "trl_min": 6},
    {"id": "fog", "title": "Water from fog", "text": "Nets that collect fog water."},
]


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))


def _lines(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def _match(folder: Path, *options: str, capabilities: Any = CAPABILITIES, needs: Any = NEEDS) -> int:
    offered, wanted = _lines(folder / "capabilities.jsonl", capabilities), _lines(folder / "needs.jsonl", needs)
    arguments = ["match", "--capabilities", str(offered), "--needs", str(wanted), "--as-of", "2026-11-22", *options]
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    return int(left.value.code or 0)


def _ranked(text: str, need: str) -> list[str]:
    return [line.split()[2] for line in text.splitlines() if line.startswith(f"{need} ")]


def test_a_run_has_six_columns_ranks_from_one_and_strictly_falling_scores(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert _match(tmp_path) == 0
    rows = [line.split() for line in capsysbinary.readouterr().out.decode().splitlines()]
    assert all(len(row) == 6 and row[1] == "Q0" for row in rows)
    for need in ("power", "fog"):
        mine = [row for row in rows if row[0] == need]
        assert [int(row[3]) for row in mine] == list(range(1, len(mine) + 1))
        scores = [float(row[4]) for row in mine]
        assert all(above > below for above, below in itertools.pairwise(scores))


def test_every_need_gets_up_to_k_rows(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert _match(tmp_path, "--k", "2") == 0
    text = capsysbinary.readouterr().out.decode()
    assert len(_ranked(text, "power")) == len(_ranked(text, "fog")) == 2


def test_the_right_partner_is_on_top(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    _match(tmp_path)
    text = capsysbinary.readouterr().out.decode()
    assert _ranked(text, "power")[0] == "turbine"
    assert _ranked(text, "fog")[0] == "twin-a"


def test_equal_capabilities_rank_by_id_and_their_printed_scores_differ(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    _match(tmp_path)
    assert _ranked(capsysbinary.readouterr().out.decode(), "fog")[:2] == ["twin-a", "twin-b"]


def test_a_near_miss_stands_after_everything_eligible(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The laboratory study speaks of the very thing, and is too early: last, not first."""
    _match(tmp_path)
    ranked = _ranked(capsysbinary.readouterr().out.decode(), "power")
    assert ranked[-1] == "early"
    assert len(ranked) == len(CAPABILITIES)


def test_each_line_of_jsonl_is_a_shortlist_that_fits_the_schema(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert _match(tmp_path, "--format", "jsonl", "--k", "3") == 0
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    found = [json.loads(line) for line in capsysbinary.readouterr().out.decode().splitlines()]
    for shortlist in found:
        jsonschema.validate(shortlist, schema)
        assert len(shortlist["matches"]) == 3
    assert [shortlist["need_id"] for shortlist in found] == ["power", "fog"]


def test_jsonl_and_trec_say_the_same_order(tmp_path: Path) -> None:
    _match(tmp_path, "--out", str(tmp_path / "run"))
    _match(tmp_path, "--format", "jsonl", "--out", str(tmp_path / "lists"))
    run = read_run(tmp_path / "run")
    for line in (tmp_path / "lists").read_text(encoding="utf-8").splitlines():
        shortlist = json.loads(line)
        order = sorted(run[shortlist["need_id"]].items(), key=lambda pair: -pair[1])
        assert [match["capability_id"] for match in shortlist["matches"]] == [name for name, _ in order]


def test_the_points_of_every_line_add_up_to_its_score(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    _match(tmp_path, "--format", "jsonl")
    for line in capsysbinary.readouterr().out.decode().splitlines():
        for match in json.loads(line)["matches"]:
            points = sum(contribution["points"] for contribution in match["contributions"])
            assert match["base"] + points == pytest.approx(match["z"], abs=1e-9)


def test_the_same_files_give_the_same_bytes_with_and_without_the_cache(tmp_path: Path) -> None:
    outputs = []
    for option in ("--cache", "--cache", "--no-cache"):
        _match(tmp_path, option, "--format", "jsonl", "--out", str(tmp_path / "out"))
        outputs.append((tmp_path / "out").read_bytes())
    assert outputs[0] == outputs[1] == outputs[2]


def test_without_the_cache_nothing_is_left_in_the_data_folder(tmp_path: Path) -> None:
    _match(tmp_path, "--no-cache", "--out", str(tmp_path / "out"))
    assert not (tmp_path / "data").exists()


def test_rejects_are_kept_with_what_to_do_and_the_rest_is_ranked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "rejects.csv"
    broken = [*CAPABILITIES, {"title": "=no id", "text": "x"}]
    assert _match(tmp_path, "--rejects", str(table), "--out", str(tmp_path / "run"), capabilities=broken) == 3
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["row"], row["column"], row["code"]) for row in rows] == [("6", "id", "missing_id")]
    assert rows[0]["fix"]
    assert set(read_run(tmp_path / "run")) == {"power", "fog"}
    assert "refused: 1 record, 0 values" in capsys.readouterr().err


def test_a_need_that_is_kept_back_gets_no_line_and_is_told_of(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A run cannot say why a need is missing from it: its counts point to the form that can."""
    needs = [*NEEDS, {"id": "gone", "title": "Water", "review_state": "withdrawn"},
             {"id": "past", "title": "Water", "valid_until": "2020-12-31"}]  # fmt: skip
    assert _match(tmp_path, needs=needs) == 0
    shown = capsysbinary.readouterr()
    assert {line.split()[0] for line in shown.out.decode().splitlines()} == {"power", "fog"}
    assert b"4 needs x 5 capabilities: 10 lines; none for 2 needs (--format jsonl says why)" in shown.err
    assert _match(tmp_path, "--format", "jsonl", needs=needs) == 0
    *_, gone, past = (json.loads(line) for line in capsysbinary.readouterr().out.splitlines())
    assert "The need is withdrawn: nothing is matched with it as of 2026-11-22." in gone["notes"]
    assert "The need was valid until 2020-12-31: nothing is matched with it as of 2026-11-22." in past["notes"]


def test_a_value_left_out_is_told_but_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = [*CAPABILITIES, {"id": "odd", "title": "Odd", "text": "Odd", "trl": 12}]
    assert _match(tmp_path, "--out", str(tmp_path / "run"), capabilities=odd) == 0
    assert "refused: 0 records, 1 value (" in capsys.readouterr().err


def test_organisations_beside_the_records_are_known(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    organisations = _lines(
        tmp_path / "organisations.jsonl",
        [{"id": "maker", "name": "Maker", "roles": ["provider"], "country": "KEN"}],
    )
    owned = [{**CAPABILITIES[0], "organisation_id": "maker"}]
    assert _match(tmp_path, "--organisations", str(organisations), "--format", "jsonl", capabilities=owned) == 0
    shortlist = json.loads(capsysbinary.readouterr().out.decode().splitlines()[0])
    assert shortlist["matches"][0]["organisation_id"] == "maker"


def test_the_same_organisation_is_not_paired_with_itself(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    owned = [{**capability, "organisation_id": "us"} for capability in CAPABILITIES[:2]] + CAPABILITIES[2:]
    ours = [{**NEEDS[0], "owner_organisation_id": "us"}]
    _match(tmp_path, capabilities=owned, needs=ours)
    assert not {"turbine", "pump"} & set(_ranked(capsysbinary.readouterr().out.decode(), "power"))


@pytest.mark.parametrize(
    ("capabilities", "needs", "message"),
    [
        (CAPABILITIES, [], "at least one need"),
        ([], NEEDS, "at least one capability"),
        ([{"title": "x"}], NEEDS, "missing_id"),
        ([{"id": "two words", "title": "x"}], NEEDS, "without white space"),
    ],
)
def test_what_cannot_be_ranked_fails_before_any_work_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], capabilities: Any, needs: Any, message: str
) -> None:
    assert _match(tmp_path, "--out", str(tmp_path / "run"), capabilities=capabilities, needs=needs) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_an_id_with_a_space_is_fine_in_jsonl(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert _match(tmp_path, "--format", "jsonl", capabilities=[{"id": "two words", "title": "Fog nets"}]) == 0
    assert b'"capability_id":"two words"' in capsysbinary.readouterr().out


def test_a_failure_leaves_the_old_output_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "run"
    out.write_text("old\n")
    monkeypatch.setattr("service.trec.run_lines", lambda _shortlist: (_ for _ in ()).throw(OSError(28, "full")))
    assert _match(tmp_path, "--out", str(out)) == 1
    assert out.read_text() == "old\n"
    assert not list(tmp_path.glob("*run?*"))


GROUPED = [{**record, "organisation_id": f"org-{record['id'][:4]}"} for record in CAPABILITIES]
"""Both sellers of fog nets are one organisation."""


def test_grouped_by_organisation_the_ids_written_are_those_of_organisations(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Each stands once, whatever number of records it has; ranks and scores keep the form of any run."""
    assert _match(tmp_path, "--group-by", "organisation", capabilities=GROUPED) == 0
    text = capsysbinary.readouterr().out.decode()
    assert sorted(_ranked(text, "fog")) == ["org-earl", "org-pump", "org-turb", "org-twin"]
    assert _ranked(text, "fog")[0] == "org-twin"
    assert _ranked(text, "power")[-1] == "org-earl"
    scores = [float(line.split()[4]) for line in text.splitlines() if line.startswith("fog ")]
    assert all(above > below for above, below in itertools.pairwise(scores))


def test_a_grouped_shortlist_fits_its_schema_and_says_what_trec_says(tmp_path: Path) -> None:
    options = ["--group-by", "organisation", "--k", "3"]
    cases = _lines(
        tmp_path / "cases.jsonl",
        [
            {
                "id": "told",
                "title": "Fog in a dry valley",
                "summary": "Nets that collect fog.",
                "provider_id": "org-pump",
            }
        ],
    )
    options += ["--cases", str(cases)]
    _match(tmp_path, *options, "--out", str(tmp_path / "run"), capabilities=GROUPED)
    _match(tmp_path, *options, "--format", "jsonl", "--out", str(tmp_path / "lists"), capabilities=GROUPED)
    run = read_run(tmp_path / "run")
    schema = json.loads((SCHEMA.parent / "organisation_shortlist.json").read_text(encoding="utf-8"))
    for line in (tmp_path / "lists").read_text(encoding="utf-8").splitlines():
        shortlist = json.loads(line)
        jsonschema.validate(shortlist, schema)
        assert len(shortlist["matches"]) == 3
        order = sorted(run[shortlist["need_id"]].items(), key=lambda pair: -pair[1])
        assert [match["organisation_id"] for match in shortlist["matches"]] == [name for name, _ in order]
        for match in shortlist["matches"]:
            points = sum(record["points"] for record in match["pooled"])
            assert match["best"]["z"] + points == pytest.approx(match["z"], abs=1e-9)
    pump = next(match for match in shortlist["matches"] if match["organisation_id"] == "org-pump")
    assert [(record["record_id"], record["kind"]) for record in pump["pooled"]] == [("told", "case")]


def test_cases_without_grouping_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = _lines(tmp_path / "cases.jsonl", [{"id": "told", "title": "Fog", "summary": "Nets."}])
    assert _match(tmp_path, "--cases", str(cases)) == 2
    assert "--group-by organisation" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing_half_written(tmp_path: Path) -> None:
    """A real signal to a real process while it is matching."""
    offered = _lines(
        tmp_path / "capabilities.jsonl",
        [{"id": f"c{n}", "title": f"Pump {n}", "text": f"Water pump number {n}."} for n in range(2_000)],
    )
    wanted = _lines(
        tmp_path / "needs.jsonl",
        [{"id": f"n{n}", "title": f"Water {n}", "text": f"Water for village {n}."} for n in range(3_000)],
    )
    out = tmp_path / "run"
    command = [sys.executable, "-m", "service.cli", "match", "--capabilities", str(offered), "--needs", str(wanted)]
    with subprocess.Popen(
        [*command, "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("*run*")) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said == "matcher: stopped; nothing was left half-written\n"
    assert not list(tmp_path.glob("*run*"))


@pytest.mark.parametrize("clash", ["--out", "--rejects"])
def test_an_input_is_never_written_over(tmp_path: Path, clash: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip in a file name costs an error, not the file."""
    needs = _lines(tmp_path / "needs.jsonl", [{"id": "n1", "title": "Water"}])
    before = needs.read_text()
    assert _match(tmp_path, clash, str(needs), needs=[{"id": "n1", "title": "Water"}]) == 1
    assert "same_file" in capsys.readouterr().err
    assert needs.read_text() == before


@pytest.mark.parametrize("option", ["--out", "--rejects"])
def test_a_folder_that_is_not_there_is_an_error_before_any_work_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert _match(tmp_path, option, str(tmp_path / "slip" / "run")) == 1
    assert "no_folder: expected a file in a folder that exists" in capsys.readouterr().err
    assert not (tmp_path / "slip").exists()
    assert _match(tmp_path, option, str(tmp_path)) == 1
    assert "it is a folder: name a file in it" in capsys.readouterr().err


def test_a_condition_in_a_unit_that_cannot_measure_it_is_refused_by_name(tmp_path: Path) -> None:
    table = tmp_path / "rejects.csv"
    sites = {"head": "5 kW", "Flow": "30 l/s", "power": {"min": 5, "unit": ""}, "fish": "5 kW", "grid": ["off_grid"]}
    needs = [{"id": "power", "title": "Electricity", "text": "A turbine for a village.", "site_conditions": sites}]
    assert _match(tmp_path, "--rejects", str(table), "--out", str(tmp_path / "run"), needs=needs) == 0
    with table.open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [(row["column"], row["code"]) for row in rows] == [
        ("site_conditions.head", "wrong_dimension"),
        ("site_conditions.power", "wrong_dimension"),
    ]
    assert rows[0]["expected"] == "head in a unit such as m"


def test_third_parties_come_from_files_of_their_own(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """A facilitator that speaks both languages lets a pair through, and a fund stands beside it."""
    offer = {"id": "turbine", "title": "Turbines", "text": "Low-head turbines.", "languages_supported": ["fr"]}
    need = {"id": "power", "title": "Electricity", "text": "A turbine.", "languages_required": ["en"]}
    where = {"beneficiary_places": ["KEN"], "sectors": ["energy"]}
    works = {"places": ["KEN"], "sectors": ["energy"], "languages": ["en", "fr"], "services": ["training"]}
    desk = _lines(tmp_path / "desks.jsonl", [{"id": "d", "organisation_id": "o", "title": "The desk", **works}])
    pays = {"eligible_places": ["KEN"], "tied_status": "untied"}
    fund = _lines(tmp_path / "funds.jsonl", [{"id": "f", "organisation_id": "p", "title": "The fund", **pays}])
    files = ("--facilitators", str(desk), "--mechanisms", str(fund), "--format", "jsonl")
    assert _match(tmp_path, *files, capabilities=[offer], needs=[{**need, **where}]) == 0
    (match,) = json.loads(capsysbinary.readouterr().out)["matches"]
    language = next(gate for gate in match["gates"] if gate["gate"] == "language")
    assert (language["state"], language["detail"]) == ("pass", "The desk bridges French and English")
    assert ([one["id"] for one in match["facilitators"]], [one["id"] for one in match["funders"]]) == (["d"], ["f"])


def test_a_third_party_that_cannot_be_read_is_a_reject(tmp_path: Path) -> None:
    fund = _lines(tmp_path / "funds.jsonl", [{"title": "A fund without an id"}])
    assert _match(tmp_path, "--mechanisms", str(fund), "--rejects", str(tmp_path / "rejects.csv")) == 3
    assert "funds.jsonl" in (tmp_path / "rejects.csv").read_text(encoding="utf-8-sig")


def test_a_file_whose_name_speaks_of_another_form_is_written_and_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, told in (("lists.jsonl", True), ("run.trec", False), ("run", False)):
        assert _match(tmp_path, "--out", str(tmp_path / name)) == 0
        said = f"{name}: written as trec, as --format says, not as its name does"
        assert (said in capsys.readouterr().err) is told
