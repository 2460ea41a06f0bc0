"""What data/judgements promises: frozen, whole, drawn by rule, and as steady as its README says, no more."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score

from matcher.profiles import Located, Need
from matcher.vocabulary import ReviewState
from service import cli
from service.reference import load_places
from service.trec import read_qrels
from tests.sample_records import AS_OF, the_sample

FOLDER = Path(__file__).parents[1] / "data" / "judgements"
FROZEN = {"pool.tsv", "pass-1.tsv", "pass-2.tsv", "qrels.tsv"}
RANKERS = {"bm25", "matcher", "minilm", "shared"}
IN_RUSSIAN = "need-kgz-winter"  # while almost every offer is in Latin letters
NEEDS, OF_A_SECTOR, OF_A_REGION = 25, 3, 4

Pairs = dict[tuple[str, str], int]


def rows(name: str) -> list[tuple[str, str, str]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()[1:]
    return [(need, capability, last) for need, capability, last in (line.split("\t") for line in lines)]


def grades(name: str) -> Pairs:
    return {(need, capability): int(grade) for need, capability, grade in rows(name)}


def share(pairs: list[tuple[int, int]]) -> float:
    return sum(a == b for a, b in pairs) / len(pairs)


def sector_of(need: Need) -> str:
    return need.sectors[0].split(".")[0] if need.sectors else "none"


def region_of(need: Need) -> str:
    if not need.beneficiary_places:
        return "none"
    place = need.beneficiary_places[0]
    codes = load_places().resolve(place.country if isinstance(place, Located) else place, AS_OF)
    regions = {load_places().countries[code].sub_region for code in codes}
    return regions.pop() if len(regions) == 1 else "several"


def drawn_by_rule() -> set[str]:
    """Walk published needs in hash order, at most three of a sector and four of a region."""
    taken: set[str] = set()
    sectors: Counter[str] = Counter()
    regions: Counter[str] = Counter()
    published = [n for n in the_sample().needs if n.review_state in {None, ReviewState.PUBLISHED}]
    for need in sorted(published, key=lambda need: hashlib.sha256(need.id.encode()).hexdigest()):
        sector, region = sector_of(need), region_of(need)
        if sectors[sector] < OF_A_SECTOR and regions[region] < OF_A_REGION and len(taken) < NEEDS:
            taken.add(need.id)
            sectors[sector] += 1
            regions[region] += 1
    return taken


def test_the_judgements_are_frozen() -> None:
    """Each file has the hash of the manifest: a changed grade is a new judgement, and must be made openly."""
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["sha256"]) == FROZEN
    for name, expected in manifest["sha256"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == expected, name


def test_every_pooled_pair_was_graded_twice_and_once_for_good() -> None:
    """The pool and all three files of grades hold the same pairs, each once, with grades from 0 to 3."""
    pool = [(need, capability) for need, capability, _ in rows("pool.tsv")]
    assert len(pool) == len(set(pool))
    for name in sorted(FROZEN - {"pool.tsv"}):
        found = rows(name)
        assert [(need, capability) for need, capability, _ in found] == pool, name
        assert {grade for *_, grade in found} <= {"0", "1", "2", "3"}, name


def test_every_judged_record_is_in_the_sample() -> None:
    needs, capabilities = ({record.id for record in kind} for kind in (the_sample().needs, the_sample().capabilities))
    for need, capability, found_by in rows("pool.tsv"):
        assert need in needs
        assert capability in capabilities
        assert set(found_by.split()) <= RANKERS
        assert found_by


def test_the_pool_is_ten_deep() -> None:
    """Three rankers brought ten capabilities for each need; BM25 none where no word is shared, shared labels fewer."""
    counts = Counter((need, ranker) for need, _, found_by in rows("pool.tsv") for ranker in found_by.split())
    for need in {need for need, *_ in rows("pool.tsv")}:
        assert [counts[need, ranker] for ranker in ("matcher", "minilm")] == [10, 10], need
        assert counts[need, "bm25"] == (0 if need == IN_RUSSIAN else 10), need
        assert counts[need, "shared"] <= 10


def test_the_needs_are_those_of_the_rule() -> None:
    """The README's rule draws exactly the needs that were judged: nobody picked them."""
    assert {need for need, *_ in rows("pool.tsv")} == drawn_by_rule()


def test_the_final_grade_is_the_mean_rounded_down() -> None:
    first, second = grades("pass-1.tsv"), grades("pass-2.tsv")
    assert grades("qrels.tsv") == {pair: (first[pair] + second[pair]) // 2 for pair in first}


def test_the_readme_states_the_agreement_that_the_files_give() -> None:
    one, two = list(grades("pass-1.tsv").values()), list(grades("pass-2.tsv").values())
    both = list(zip(one, two, strict=True))
    seen = [(a, b) for a, b in both if a or b]
    figures = {
        "pairs": str(len(one)),
        "exact agreement": f"{share(both):.3f}",
        "exact agreement among pairs that either pass graded above 0": f"{share(seen):.3f}",
        "weighted kappa, quadratic weights (Cohen 1968)": f"{cohen_kappa_score(one, two, weights='quadratic'):.3f}",
    }
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert {name: value for name, value in figures.items() if f"| {name} | {value} |" not in text} == {}


def test_evaluate_reads_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A ranking by the grades themselves is perfect at ten, so the command reads pairs and gains as meant."""
    run, qrels = tmp_path / "run.trec", FOLDER / "qrels.tsv"
    judged = read_qrels(qrels)
    run.write_text("".join(f"{n} Q0 {c} 1 {g} ideal\n" for n, all_ in judged.items() for c, g in all_.items()))
    with pytest.raises(SystemExit) as left:
        cli.main(["evaluate", "--run", str(run), "--qrels", str(qrels), "--json"])
    assert not left.value.code
    report = json.loads(capsys.readouterr().out)
    assert report["needs"] == NEEDS
    assert report["needs_without_relevant"] == 0
    assert report["measures"]["nDCG@10"]["value"] == pytest.approx(1)
