"""The reference tables: readable, whole, and equal to their sources but for the faults that are named."""

from __future__ import annotations

import csv
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from matcher.errors import BadInput
from service import reference
from service.reference import data_folder, load_places, read_places

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "reference"
SNAPSHOT = date(2025, 7, 1)
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="shared/data/reference does not lie beside the checkout")

COUNTRY_HEAD = "alpha3,alpha2,m49,name,official_name,region,sub_region,intermediate_region,other_names"
GROUP_HEAD = "group,alpha3,valid_from,valid_to,source,note"
AREA_HEAD = "area,m49,parts,other_names"


def some_tables(folder: Path, groups: str = "", countries: str = "") -> Path:
    """Namibia, in no group unless told."""
    namibia = "NAM,NA,516,Namibia,Republic of Namibia,Africa,Sub-Saharan Africa,Southern Africa,Namibie;Namíbia"
    (folder / "countries.csv").write_text(countries or f"{COUNTRY_HEAD}\n{namibia}\n", encoding="utf-8-sig")
    (folder / "groups.csv").write_text(f"{GROUP_HEAD}\n{groups}\n", encoding="utf-8")
    (folder / "areas.csv").write_text(f"{AREA_HEAD}\nAfrica,002,,Afrique\n", encoding="utf-8")
    return folder


def shared_rows(name: str, key: str) -> dict[str, dict[str, str]]:
    with (SHARED / name).open(encoding="utf-8-sig", newline="") as file:
        return {row[key]: row for row in csv.DictReader(file)}


def test_the_data_folder_holds_the_tables() -> None:
    """The folder found from a checkout holds all three tables."""
    names = {path.name for path in (data_folder() / "reference").iterdir()}
    assert {"countries.csv", "groups.csv", "areas.csv"} <= names


def test_a_wheel_carries_its_own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed, the data beside the package come before a folder that happens to be called data."""
    package = tmp_path / "service"
    for folder in (package / "_data" / "reference", tmp_path / "data" / "reference"):
        folder.mkdir(parents=True)
    monkeypatch.setattr(reference, "__file__", str(package / "reference.py"))
    assert data_folder() == package / "_data"


def test_no_data_at_all_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without data the error names both places and what to do."""
    monkeypatch.setattr(reference, "__file__", str(tmp_path / "service" / "reference.py"))
    with pytest.raises(BadInput, match=r"_data or .*data; got 'neither'; install the package again"):
        data_folder()


def test_places_are_read_once() -> None:
    """The same book is handed to everybody."""
    assert load_places() is load_places()


def test_na_stays_text(tmp_path: Path) -> None:
    """Namibia's alpha-2 code survives reading, a byte order mark before the first column too."""
    book = read_places(some_tables(tmp_path))
    assert book.countries["NAM"].alpha2 == "NA"
    assert book.country("NA") == "NAM"
    assert book.countries["NAM"].names == ("Namibie", "Namíbia")


def test_an_open_date_is_open(tmp_path: Path) -> None:
    """Empty days mean always and for ever."""
    book = read_places(some_tables(tmp_path, "SADC,NAM,,,,"))
    assert book.members("SADC", date(1, 1, 1)) == book.members("SADC", date(9999, 12, 31)) == {"NAM"}


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ("SADC,NMB,1990-03-21,,,", "unknown_code.*NMB in groups.csv line 2"),
        ("SADC,NAM,21.3.1990,,,", "not_a_date: expected YYYY-MM-DD; got '21.3.1990 in groups.csv line 2"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, groups: str, message: str) -> None:
    """A row that cannot be used is refused with its file and line."""
    with pytest.raises(BadInput, match=message):
        read_places(some_tables(tmp_path, groups))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """A table without a column says which and where."""
    with pytest.raises(BadInput, match=r"column_missing: expected a column alpha2 in countries.csv line 2"):
        read_places(some_tables(tmp_path, countries="alpha3,name\nNAM,Namibia\n"))


def test_every_membership_ends_after_it_begins() -> None:
    """No row of groups.csv is over before it starts, and no country is twice in a group on one day."""
    spans: dict[tuple[str, str], list[tuple[date, date]]] = {}
    for membership in load_places().memberships:
        start, end = membership.valid_from or date.min, membership.valid_to or date.max
        assert start < end, membership
        spans.setdefault((membership.group, membership.alpha3), []).append((start, end))
    for spells in spans.values():
        ordered = sorted(spells)
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(ordered))


@needs_shared
@pytest.mark.shared
def test_every_iso_code_of_the_sources_is_ours() -> None:
    """Codes and M49 regions equal those of UN M49, and of the code table but for Namibia's lost alpha-2."""
    book = load_places()
    official = shared_rows("UNSD-en.csv", "ISO-alpha3 Code")
    assert set(book.codes) - set(official) == {"XKX"}
    assert set(official) <= set(book.codes)
    for code, row in official.items():
        ours = book.countries[code]
        assert (ours.alpha2, ours.m49) == (row["ISO-alpha2 Code"], row["M49 Code"])
        regions = (row["Region Name"], row["Sub-region Name"], row["Intermediate Region Name"])
        assert (ours.region, ours.sub_region, ours.intermediate_region) == regions
    for code, row in shared_rows("country-codes.csv", "ISO3166-1-Alpha-3").items():
        assert book.countries[code].alpha2 == row["ISO3166-1-Alpha-2"].strip()


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("language", ["en", "fr", "es", "ru", "cn", "ar"])
def test_every_name_of_the_united_nations_resolves(language: str) -> None:
    """A country is found under its M49 name in each of the six languages."""
    for code, row in shared_rows(f"UNSD-{language}.csv", "ISO-alpha3 Code").items():
        assert load_places().resolve(row["Country or Area"], SNAPSHOT) == {code}


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize(
    ("group", "column", "faults"),
    [
        ("LDC", "Least Developed Countries (LDC)", {"STP"}),  # graduated on 13 Dec 2024, still listed
        ("LLDC", "Land Locked Developing Countries (LLDC)", set()),
        ("SIDS", "Small Island Developing States (SIDS)", set()),
    ],
)
def test_un_groups_agree_but_for_named_faults(group: str, column: str, faults: set[str]) -> None:
    """Both sources have our members on the snapshot's day, but for the faults that are known."""
    ours = load_places().members(group, SNAPSHOT)
    listed = {code for code, row in shared_rows("UNSD-en.csv", "ISO-alpha3 Code").items() if row[column].strip()}
    assert listed - faults == ours
    concordance = shared_rows("bblocks_concordance.csv", "iso3_code")
    assert {code for code, row in concordance.items() if row[group.lower()] == "True"} == ours


@needs_shared
@pytest.mark.shared
def test_income_groups_agree_on_the_snapshot_day() -> None:
    """Each country's income group is the source's on the day of the snapshot."""
    levels = {
        "Low income": {"LIC"},
        "Lower middle income": {"LMIC"},
        "Upper middle income": {"UMIC"},
        "High income": {"HIC"},
    }
    income = {"LIC", "LMIC", "UMIC", "HIC"}
    for code, row in shared_rows("bblocks_concordance.csv", "iso3_code").items():
        assert load_places().groups_of(code, SNAPSHOT) & income == levels.get(row["income_level"], set()), code
