"""What ``matcher evaluate`` reads beside a ranking, and the page it writes."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from matcher.errors import BadInput
from matcher.vocabulary import Tier
from service import cli
from service.judging.rankings import read_ranking

SCHEMA = Path(__file__).parents[2] / "data" / "schema" / "evaluation.json"
CAPABILITIES = [
    {"id": "a", "title": "Turbines", "text": "Turbines.", "organisation_id": "o1"},
    {"id": "b", "title": "Pumps", "text": "Pumps.", "organisation_id": "o1"},
    {"id": "c", "title": "Nets", "text": "Nets.", "organisation_id": "o2"},
]


def _needs(count: int) -> list[dict[str, Any]]:
    places = (["Nepal"], ["Fiji"], ["France"])  # as of the day: LDC and LLDC; SIDS; none
    tongues = ("en", "fr-FR", None)
    return [
        {
            "id": f"n{i}",
            "title": f"Need {i}",
            "text": "Something.",
            "beneficiary_places": places[i % 3],
            "language": tongues[i % 3],
        }
        for i in range(count)
    ]


def _match(capability: str, rank: int, score: float, tier: str) -> dict[str, Any]:
    return {"capability_id": capability, "rank": rank, "score": score, "tier": tier}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Twelve needs: a is right and found; the last need has a near miss only."""
    needs = _needs(12)
    lists = [
        {
            "need_id": need["id"],
            "matches": [_match("a", 1, 0.8, "A"), _match("c", 2, 0.2, "B"), _match("b", 3, 0.9, "C")],
        }
        for need in needs[:-1]
    ] + [{"need_id": "n11", "matches": [_match("b", 1, 0.9, "C")]}]
    judged = [f"n{i}\t{name}\t{grade}" for i in range(12) for name, grade in (("a", int(i != 3)), ("c", 0))]
    texts = {
        "lists.jsonl": "\n".join(map(json.dumps, lists)),
        "other.trec": "".join(f"n{i} Q0 c 1 2.5 x\nn{i} Q0 a 2 1.5 x\n" for i in range(12)),
        "qrels.tsv": "\n".join(["query-id\tcorpus-id\tscore", *judged]),
        "fitted.tsv": "query-id\tcorpus-id\tscore\nold\tb\t1\n",
        "capabilities.jsonl": "\n".join(map(json.dumps, CAPABILITIES)),
        "needs.jsonl": "\n".join(map(json.dumps, needs)),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return {name.partition(".")[0]: str(tmp_path / name) for name in texts}


def _arguments(files: dict[str, str]) -> list[str]:
    names = {"run": "lists", "qrels": "qrels", "baseline": "other", "capabilities": "capabilities", "needs": "needs"}
    options = [word for option, name in names.items() for word in (f"--{option}", files[name])]
    return [*options, "--fitted-on", files["fitted"], "--as-of", "2026-11-01"]


def _evaluate(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["evaluate", *arguments])
    assert not left.value.code


@pytest.fixture
def found(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    _evaluate([*_arguments(files), "--json"])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_everything_that_is_measured_fits_the_schema(found: dict[str, Any]) -> None:
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert found["notes"] == []


def test_shortlists_are_judged_in_their_own_order(found: dict[str, Any]) -> None:
    """The near miss scores .9, and stands last."""
    assert found["measures"]["MRR"]["value"] == pytest.approx(10 / 12)
    assert found["baseline"]["difference"]["MRR"]["real"]


def test_calibration_counts_judged_pairs_that_are_no_near_misses(found: dict[str, Any]) -> None:
    assert found["calibration"]["pairs"] == 22
    assert found["calibration"]["brier"]["value"] == pytest.approx((10 * 0.2**2 + 0.8**2 + 11 * 0.2**2) / 22)


def test_scores_outside_zero_and_one_are_no_probabilities(found: dict[str, Any]) -> None:
    calibration = found["baseline"]["calibration"]
    assert calibration["ece"] is None
    assert "probability" in calibration["note"]


def test_coverage_is_told_for_each_group_as_of_the_day(found: dict[str, Any]) -> None:
    coverage = found["market"]["coverage"]
    assert {name: one["needs"] for name, one in coverage.items()} == {"LDC": 4, "SIDS": 4, "LLDC": 4, "all": 12}
    assert coverage["LDC"] == {"needs": 4, "with_match": 1, "with_tier_a": 1}
    assert coverage["all"]["with_match"] == pytest.approx(11 / 12, abs=1e-6)
    assert found["baseline"]["market"]["coverage"]["all"] == {"needs": 12, "with_match": 1, "with_tier_a": None}


def test_exposure_counts_organisations_not_capabilities(found: dict[str, Any]) -> None:
    """o1 appears 23 times (11 a, 12 b), o2 11 times: Gini (23 - 11) / (2 * 34)."""
    exposure = found["market"]["exposure"]
    assert (exposure["providers"], exposure["providers_shown"]) == (2, 2)
    assert exposure["gini"] == pytest.approx(12 / 68, abs=1e-6)


def test_needs_are_told_by_the_language_they_are_put_in(found: dict[str, Any]) -> None:
    assert {language: part["needs"] for language, part in found["by_language"].items()}.keys() >= {"en", "fr"}
    assert sum(part["needs"] for part in found["by_language"].values()) == 12


def test_a_provider_is_seen_when_any_of_its_capabilities_was(found: dict[str, Any]) -> None:
    """The fitting saw b of o1, so a of o1 is seen too; nothing relevant is of o2."""
    assert found["by_provider"].keys() == {"seen"}
    assert found["by_provider"]["seen"]["needs"] == 11


def test_the_page_says_the_figures_without_scripts_or_anything_from_outside(
    files: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "report"
    _evaluate([*_arguments(files), "--report", str(folder)])
    html, markdown = ((folder / name).read_text(encoding="utf-8") for name in ("report.html", "report.md"))
    for text in (html, markdown):
        assert "really better than the baseline" in text
        assert all(title in text for title in ("Measures", "Calibration", "Who is shown", "Whom it serves"))
    assert not re.search(r"<script|https?://(?!www\.w3\.org/2000/svg)|\bon\w+=", html)
    pictures = re.findall(r"\]\(([\w.]+)\)", markdown)
    assert len(pictures) == html.count("<svg") == 5
    for name in pictures:
        ET.parse(folder / name)


def test_names_of_files_are_written_as_text_on_the_page(files: dict[str, str], tmp_path: Path) -> None:
    odd = tmp_path / "<b>run.trec"
    odd.write_text(Path(files["other"]).read_text(encoding="utf-8"), encoding="utf-8")
    _evaluate(["--run", str(odd), "--qrels", files["qrels"], "--report", str(tmp_path / "report")])
    assert "&lt;b&gt;run.trec" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")


def test_what_cannot_be_measured_is_named_with_what_would_help(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    _evaluate(["--run", files["other"], "--qrels", files["qrels"]])
    shown = capsys.readouterr().out
    assert "not measured: exposure of providers: give --capabilities" in shown
    assert "not measured: calibration" in shown


def test_judgements_whose_ids_never_stand_in_the_run_are_doubted_beside_their_zeros(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = tmp_path / "strange.tsv"
    strange.write_text("".join(f"n{at} 0 org-a 1\n" for at in range(12)))
    for qrels, doubted in ((str(strange), True), (files["qrels"], False)):
        _evaluate(["--run", files["other"], "--qrels", qrels])
        shown = capsys.readouterr().out
        assert ("no judged id, such as 'org-a', stands in the run; a run of organisations" in shown) is doubted


def test_lists_that_end_before_a_cut_off_are_told_where_more_could_be_found(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = tmp_path / "more.tsv"
    more.write_text("".join(f"n{at} 0 a 1\nn{at} 0 z 1\n" for at in range(12)))
    for qrels, told in ((str(more), True), (files["qrels"], False)):
        _evaluate(["--run", files["other"], "--qrels", qrels])
        assert ("not measured: recall beyond rank 2, where" in capsys.readouterr().out) is told


def test_a_trec_run_has_no_tiers_and_a_shortlist_has(files: dict[str, str]) -> None:
    assert read_ranking(Path(files["other"])).tiers is None
    tiers = read_ranking(Path(files["lists"])).tiers
    assert tiers is not None
    assert tiers["n11"] == {"b": Tier.C}


def test_a_run_may_come_through_a_pipe(tmp_path: Path) -> None:
    """It is read once from its start: nothing of it is taken to tell its form and then missing."""
    lines = [f"n{at} Q0 c 1 0.5 x\n" for at in range(4_000)]
    pipe = tmp_path / "run"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as writing:
        writing.submit(pipe.write_text, "\n" + "".join(lines), encoding="utf-8")
        assert len(read_ranking(pipe).run) == len(lines)


def test_shortlists_of_organisations_are_judged_as_those_of_capabilities(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As ``matcher match --group-by organisation --format jsonl`` writes them; exposure counts who is ranked."""
    matches = [
        {"organisation_id": "o2", "rank": 1, "score": 0.7, "best": _match("c", 1, 0.6, "A")},
        {"organisation_id": "o1", "rank": 2, "score": 0.9, "best": _match("b", 1, 0.9, "C")},
    ]
    lists, qrels = tmp_path / "grouped.jsonl", tmp_path / "qrels.txt"
    lists.write_text(json.dumps({"need_id": "n0", "matches": matches}), encoding="utf-8")
    qrels.write_text("n0 0 o2 1\n", encoding="utf-8")
    _evaluate(["--run", str(lists), "--qrels", str(qrels), "--capabilities", files["capabilities"], "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["measures"]["MRR"]["value"] == 1
    assert found["market"]["exposure"]["providers_shown"] == 2
    assert not any("not in --capabilities" in note for note in found["notes"])
    assert read_ranking(lists).tiers == {"n0": {"o2": Tier.A, "o1": Tier.C}}


@pytest.mark.parametrize(
    "line",
    ['{"need_id": "n0", "matches": []}', '{"need_id": "x"}', '{"need_id": "x", "matches": [{}]}', "{", "[]",
     '{"need_id": "x", "matches": [{"capability_id": "a", "rank": 1, "score": 7, "tier": "A"}]}'],
)  # fmt: skip
def test_a_line_that_is_no_shortlist_is_named(files: dict[str, str], line: str) -> None:
    path = Path(files["lists"])
    path.write_text(path.read_text(encoding="utf-8") + "\n" + line, encoding="utf-8")
    with pytest.raises(BadInput, match="line 13 of"):
        read_ranking(path)
