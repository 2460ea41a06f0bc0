"""Expert finding in the ledger: who is known by what, what asks, and what pooling is compared with."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from embeddings.encoder import HashingEncoder
from service.quality import experts
from service.quality.measuring import Bench
from service.reference import load_places
from service.trec import read_qrels

SUBJECTS = {
    "water": ["wells and taps", "drinking water pipes", "pumps and tanks", "sanitation and latrines"],
    "roads": ["rural roads and bridges", "asphalt highways", "road maintenance contracts", "bus lanes and junctions"],
    "health": ["vaccines and nurses", "hospital wards", "maternal clinics", "malaria nets"],
}


def projects(tmp_path: Path) -> Path:
    """Four distinct projects for each of three agencies, and one for a fourth."""
    rows = [
        _row(f"P{subject}{number}", subject, f"{f'{subject} ' * 8}: {what}, {_telling(number)}")
        for subject, texts in SUBJECTS.items()
        for number, what in enumerate(texts)
    ]
    rows.append(
        _row("Palone", "mines", "Mines: geology and safety underground, inspected by trained people from time to time.")
    )
    return _written(tmp_path, rows)


def _row(project: str, agency: str, text: str) -> dict[str, str | None]:
    return {"id": project, "countryname": "Nepal", "impagency": f"Department of {agency}", "pdo": text}


def _written(folder: Path, rows: Iterable[dict[str, str | None]]) -> Path:
    path = folder / "projects.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_half_of_what_an_agency_is_known_by_is_held_back(tmp_path: Path) -> None:
    """No project stands on both sides, nobody is asked for who is not offered, and who has one project only offers."""
    found = experts.split(_written(tmp_path, [_row(f"P{at}", "wells", _telling(at)) for at in range(5)]))
    assert (len(found.offered), len(found.asking)) == (3, 2)
    assert not {one.id for one in found.offered} & {one.id for one in found.asking}
    assert {one.agency for one in found.asking} <= {one.agency for one in found.offered}
    alone = experts.split(_written(tmp_path, [_row("P0", "wells", _telling(0))]))
    assert (len(alone.offered), len(alone.asking)) == (1, 0)


def _telling(at: int) -> str:
    """Return words that no other number has, enough of them for an objective."""
    greek = ("alpha", "beta", "gamma", "delta", "omega", "sigma", "kappa", "lambda", "upsilon")
    return " ".join(f"{word}{'abcde'[at] * 4}" for word in greek)


def test_what_goes_on_a_project_says_nothing_new_and_what_names_nobody_is_left_out(tmp_path: Path) -> None:
    """A second phase, a project without an agency or with a title for an objective neither offer nor ask."""
    first, nameless = _row("P1", "wells", _telling(0)), _row("P3", "x", _telling(2)) | {"impagency": None}
    rows = [first, _row("P2", "wells", f"{_telling(0)} More."), nameless, _row("P4", "wells", "Wells.")]
    found = experts.split(_written(tmp_path, rows))
    assert len(found.offered) == 1
    assert not found.asking


def test_agencies_are_ranked_by_all_their_records_beside_the_best_and_the_mean(tmp_path: Path) -> None:
    """What is judged are agencies, each asked for by objectives that are not among its records."""
    bench = Bench(HashingEncoder(), load_places(), tmp_path / "kept", date(2026, 11, 27), "abc")
    with experts.task(projects(tmp_path)) as made:
        assert {one for grades in read_qrels(made.qrels).values() for one in grades} <= set(
            _agencies(made.files.capabilities)
        )
        found = experts.measure(made, bench)
    assert (found.needs, found.capabilities) == (6, 7)
    assert tuple(found.baselines) == experts.NAMES
    assert found.measures["MRR"].value > 0.5
    assert found.baselines[experts.BEST].measures["MRR"].value > 0.5


def _agencies(path: Path) -> list[str]:
    return [json.loads(line)["organisation_id"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_mean_vector_is_of_an_owners_own_texts_whatever_their_order(tmp_path: Path) -> None:
    """Worked by hand: of one text an owner, the mean is the text's vector, and the cosine with itself is 1."""
    with experts.task(projects(tmp_path)) as made:
        owners = [f"owner of {one}" for one in made.capabilities.ids]
        itself = replace(made, needs=made.capabilities)
        run = experts.by_mean_vectors(itself, owners, HashingEncoder())
    for need, scores in run.items():
        best, value = next(iter(scores.items()))
        assert best == f"owner of {need}"
        assert np.isclose(value, 1, atol=1e-5)
