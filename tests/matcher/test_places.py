"""The place book by hand, on a small world of its own, and as properties over the reference data."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import BadInput, UnknownPlace
from matcher.places import Area, Country, Membership, PlaceBook, fold
from matcher.profiles import Located
from service.reference import load_places

TODAY = date(2026, 11, 22)
BOOK = load_places()
EVERY_NAME = [
    (country.alpha3, name)
    for country in BOOK.countries.values()
    for name in (country.name, country.official_name, *country.names)
]


def a_country(alpha3: str, name: str, *names: str, region: str = "Africa") -> Country:
    return Country(alpha3, alpha3[:2], "", name, f"Republic of {name}", region, f"{region} sub", "", names)


SMALL = PlaceBook(
    [a_country("KEN", "Kenya"), a_country("UGA", "Uganda"), a_country("NPL", "Nepal", region="Asia")],
    [
        Membership("LDC", "UGA", date(1971, 11, 18)),
        Membership("LDC", "NPL", date(1971, 11, 18), date(2026, 11, 24)),
        Membership("LMIC", "KEN", date(2025, 7, 1)),
    ],
    [Area("LDC", ("Least developed countries",)), Area("Both", (), ("Africa", "Asia"))],
)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "alpha3"),
        [
            ("Cote d'Ivoire", "CIV"),
            ("Côte d’Ivoire", "CIV"),  # noqa: RUF001 - the typographic apostrophe is what is tested
            ("COTE D IVOIRE", "CIV"),
            ("Ivory Coast", "CIV"),
            ("Lao PDR", "LAO"),
            ("Laos", "LAO"),
            ("Swaziland", "SWZ"),
            ("Turkiye", "TUR"),
            ("Türkiye", "TUR"),
            ("Turkey", "TUR"),
            ("DR Congo", "COD"),
            ("DRC", "COD"),
            ("Congo-Kinshasa", "COD"),
            ("Congo, Dem. Rep.", "COD"),
            ("Congo", "COG"),
            ("Republic of Congo", "COG"),
            ("Cape Verde", "CPV"),
            ("Burma", "MMR"),
            ("Vietnam", "VNM"),
            ("Viet Nam", "VNM"),
            ("State of Palestine", "PSE"),
            ("Palestine", "PSE"),
            ("Bolivia (Plurinational State of)", "BOL"),
            ("Tanzania, United Republic of", "TZA"),
            ("Korea, Republic of", "KOR"),
            ("Korea, Dem. People's Rep.", "PRK"),
            ("Hong Kong SAR, China", "HKG"),
            ("St. Vincent & the Grenadines", "VCT"),
            ("The Gambia", "GMB"),
            ("Gambia, The", "GMB"),
            ("Republic of Togo", "TGO"),
            ("Moçambique", "MOZ"),
            ("中国", "CHN"),
            ("Российская Федерация", "RUS"),
            ("مصر", "EGY"),
        ],
    )
    def test_names_as_people_write_them(self, name: str, alpha3: str) -> None:
        """A country is found under its short, official, former, foreign and inverted names."""
        assert BOOK.country(name) == alpha3

    def test_namibia_is_not_missing(self) -> None:
        """ "NA" is Namibia's code, while the ways of writing "no answer" are nobody's."""
        assert BOOK.country("NA") == "NAM"
        for blank in ("na", "n/a", "N/A", "no", "-", "", "  "):
            with pytest.raises(UnknownPlace):
                BOOK.country(blank)

    def test_numeric_codes(self) -> None:
        """An M49 code of three digits stands for its country or region."""
        assert BOOK.country("404") == "KEN"
        assert BOOK.resolve("053", TODAY) == BOOK.resolve("Australia and New Zealand", TODAY)

    def test_every_name_is_its_country(self) -> None:
        """Each name in the table resolves to the country whose row it stands in."""
        assert [(alpha3, name) for alpha3, name in EVERY_NAME if BOOK.resolve(name, TODAY) != {alpha3}] == []

    def test_every_code_is_its_country(self) -> None:
        """Alpha-3, alpha-2 and M49 codes resolve to themselves."""
        for country in BOOK.countries.values():
            found = {BOOK.country(code) for code in (country.alpha3, country.alpha2, country.m49)}
            assert found == {country.alpha3}

    def test_a_name_of_two_countries_is_refused(self) -> None:
        """A table that gives one name to two countries is refused, naming both."""
        book = PlaceBook([a_country("AAA", "Avalon"), a_country("BBB", "Bensalem", "avalon")], [])
        with pytest.raises(BadInput, match=r"name_of_two_countries.*AAA and BBB"):
            book.country("Avalon")

    @given(st.text(max_size=40))
    def test_fold_is_idempotent(self, name: str) -> None:
        """Folding a folded name changes nothing."""
        assert fold(fold(name)) == fold(name)

    @given(st.sampled_from(EVERY_NAME), st.sampled_from([str.upper, str.lower, "  {} ".format, "{}.".format]))
    def test_case_and_points_do_not_matter(self, named: tuple[str, str], change: Callable[[str], str]) -> None:
        """Capitals, spaces around and a full stop leave a name what it is; only alpha-2 minds its case."""
        alpha3, name = named
        assert BOOK.country(change(name)) == alpha3


class TestSuggestions:
    def test_a_typo_is_a_suggestion_never_silent(self) -> None:
        """A near name raises and is offered; it is not taken."""
        with pytest.raises(UnknownPlace, match="did you mean Kenya") as caught:
            BOOK.resolve("Kenyya", TODAY)
        assert caught.value.suggestions == ("Kenya",)

    def test_a_typo_behind_the_comma_keeps_the_part(self) -> None:
        """The suggestion for a part of a misspelt country is the part with the country mended."""
        assert BOOK.suggestions("Kisumu, Kenyya") == ("Kisumu, Kenya",)

    def test_republic_of_china_is_asked_about(self) -> None:
        """A name that would change its meaning when folded is not folded."""
        with pytest.raises(UnknownPlace):
            BOOK.country("Republic of China")

    @given(st.text(max_size=30))
    def test_at_most_three_and_all_of_them_resolve(self, name: str) -> None:
        """Whatever is typed, there are at most three suggestions and each is a place."""
        suggestions = BOOK.suggestions(name)
        assert len(suggestions) <= 3
        for suggestion in suggestions:
            assert BOOK.resolve(suggestion, TODAY)

    def test_nothing_near_says_to_use_a_code(self) -> None:
        """With no near name the error says what would work."""
        with pytest.raises(UnknownPlace, match="use an ISO 3166-1 alpha-3 code"):
            BOOK.resolve("Erewhon-sur-Mer", TODAY)


class TestParts:
    def test_a_located_place_is_its_country(self) -> None:
        """A part of a country stands for the country, however that is written."""
        assert BOOK.resolve(Located(name="Kisumu", country="Kenya"), TODAY) == {"KEN"}
        assert BOOK.resolve(Located(name="Kisumu", country="KEN"), TODAY) == {"KEN"}
        assert BOOK.resolve("Kisumu, Kenya", TODAY) == {"KEN"}
        assert BOOK.resolve("Cusco, Urubamba, Peru", TODAY) == {"PER"}

    def test_states_named_like_a_country(self) -> None:
        """Georgia in the United States is not the country, and two-letter states are no countries."""
        assert BOOK.resolve("Georgia, USA", TODAY) == {"USA"}
        assert BOOK.resolve("CA, USA", TODAY) == {"USA"}
        with pytest.raises(UnknownPlace):
            BOOK.resolve("Portland, ME", TODAY)

    def test_two_countries_in_one_value_are_refused(self) -> None:
        """ "Kenya, Uganda" is not a place Kenya in Uganda."""
        with pytest.raises(BadInput, match=r"several_places.*list Kenya and Uganda apart"):
            BOOK.resolve("Kenya, Uganda", TODAY)

    def test_a_located_place_in_an_unknown_country(self) -> None:
        """The error is about the country."""
        with pytest.raises(UnknownPlace, match="Kenyya"):
            BOOK.resolve(Located(name="Kisumu", country="Kenyya"), TODAY)


class TestAreas:
    @pytest.mark.parametrize("name", ["World", "global", "Worldwide", "world-wide", "001"])
    def test_the_world_is_everybody(self, name: str) -> None:
        """Every way of saying "everywhere" is every country."""
        assert BOOK.resolve(name, TODAY) == set(BOOK.codes)

    def test_m49_regions(self) -> None:
        """Regions of all three levels, under their M49 and everyday names, nest as M49 says."""
        western, sub_saharan, africa = (
            BOOK.resolve(name, TODAY) for name in ("West Africa", "Sub-Saharan Africa", "AFRICA")
        )
        assert {"GHA", "SEN", "NER"} <= western < sub_saharan < africa
        assert "EGY" in africa - sub_saharan
        assert BOOK.resolve("South-East Asia", TODAY) == BOOK.resolve("Southeast Asia", TODAY)
        assert "HTI" in BOOK.resolve("Latin America and the Caribbean", TODAY)

    def test_a_union_is_its_parts(self) -> None:
        """An area that M49 does not name is the union of areas it does."""
        assert SMALL.resolve("both", TODAY) == {"KEN", "UGA", "NPL"}
        assert {"FJI", "KIR", "WSM"} <= BOOK.resolve("Pacific Islands", TODAY)
        assert "AUS" not in BOOK.resolve("Pacific Islands", TODAY)

    def test_micronesia_is_the_country(self) -> None:
        """A country comes before an area of the same name; the area has its code."""
        assert BOOK.resolve("Micronesia", TODAY) == {"FSM"}
        assert BOOK.resolve("057", TODAY) > {"FSM"}

    def test_an_area_is_not_a_country(self) -> None:
        """Asked for one country, the book does not answer with a region."""
        with pytest.raises(UnknownPlace):
            BOOK.country("Western Africa")

    @pytest.mark.parametrize("area", [*BOOK.areas, *BOOK.groups])
    def test_every_area_holds_somebody(self, area: str) -> None:
        """Each area and group resolves to countries of the book, under its other names too."""
        found = BOOK.resolve(area, TODAY)
        assert found
        assert found <= set(BOOK.codes)

    def test_names_and_regions_of_a_code(self) -> None:
        """A code gives its name, M49 sub-region and region back."""
        assert (BOOK.name_of("CIV"), BOOK.region_of("CIV"), BOOK.continent_of("CIV")) == (
            "Côte d'Ivoire",
            "Sub-Saharan Africa",
            "Africa",
        )
        with pytest.raises(UnknownPlace):
            BOOK.name_of("Kenya")

    def test_codes_are_sorted_and_fit_a_bitset(self) -> None:
        """A code's position is its bit; 256 bits are enough."""
        assert list(BOOK.codes) == sorted(BOOK.codes)
        assert len(BOOK.codes) == 250


class TestGroups:
    @pytest.mark.parametrize(
        ("as_of", "members"),
        [
            (date(1990, 1, 1), 41),
            (date(2010, 12, 31), 49),
            (date(2011, 1, 1), 48),
            (date(2012, 12, 18), 49),
            (date(2014, 1, 1), 48),
            (date(2017, 6, 4), 47),
            (date(2020, 12, 4), 46),
            (date(2023, 12, 13), 45),
            (date(2024, 12, 1), 45),
            (date(2024, 12, 12), 45),
            (date(2024, 12, 13), 44),
            (date(2025, 6, 1), 44),
            (date(2026, 11, 23), 44),
            (date(2026, 11, 24), 42),
            (date(2026, 11, 25), 42),
        ],
    )
    def test_ldc_history(self, as_of: date, members: int) -> None:
        """The number of least developed countries is the published one on each day."""
        assert len(BOOK.resolve("LDC", as_of)) == members

    @pytest.mark.parametrize(
        ("alpha3", "last_day", "first_day_after"),
        [
            ("BWA", date(1994, 12, 18), date(1994, 12, 19)),
            ("CPV", date(2007, 12, 19), date(2007, 12, 20)),
            ("MDV", date(2010, 12, 31), date(2011, 1, 1)),
            ("WSM", date(2013, 12, 31), date(2014, 1, 1)),
            ("GNQ", date(2017, 6, 3), date(2017, 6, 4)),
            ("VUT", date(2020, 12, 3), date(2020, 12, 4)),
            ("BTN", date(2023, 12, 12), date(2023, 12, 13)),
            ("STP", date(2024, 12, 12), date(2024, 12, 13)),
            ("NPL", date(2026, 11, 23), date(2026, 11, 24)),
            ("LAO", date(2026, 11, 23), date(2026, 11, 24)),
        ],
    )
    def test_graduation_ends_membership_on_its_day(self, alpha3: str, last_day: date, first_day_after: date) -> None:
        """A graduating country is a member to the day before and no longer on the day."""
        assert "LDC" in BOOK.groups_of(alpha3, last_day)
        assert "LDC" not in BOOK.groups_of(alpha3, first_day_after)

    def test_groups_under_everyday_names(self) -> None:
        """Groups are found under their code, plural and full name."""
        assert (
            BOOK.resolve("LDC", TODAY)
            == BOOK.resolve("LDCs", TODAY)
            == BOOK.resolve("the Least Developed Countries", TODAY)
        )
        assert "MWI" in BOOK.resolve("low-income countries", TODAY)

    def test_a_group_is_unknown_before_its_snapshot(self) -> None:
        """An earlier day is refused with the day since when it is known, never answered with nobody."""
        earlier = date(2024, 1, 1)
        assert not BOOK.group_known("SIDS", earlier)
        with pytest.raises(BadInput, match="from 2025-07-01 on"):
            BOOK.resolve("SIDS", earlier)
        assert BOOK.group_known("SIDS", TODAY)
        assert not BOOK.group_known("Hanseatic League", TODAY)

    def test_an_unknown_group_is_refused(self) -> None:
        """Asking for members of no group says which groups there are."""
        with pytest.raises(BadInput, match="expected one of LDC, LMIC"):
            SMALL.members("SIDS", TODAY)

    def test_income_groups_change_in_july(self) -> None:
        """A country that moved up is in one income group on each side of the first of July."""
        income = {"LIC", "LMIC", "UMIC", "HIC"}
        assert BOOK.groups_of("VNM", date(2026, 6, 30)) & income == {"LMIC"}
        assert BOOK.groups_of("VNM", date(2026, 7, 1)) & income == {"UMIC"}

    @given(st.sampled_from(BOOK.codes), st.dates(date(2025, 7, 1), date(2030, 1, 1)))
    def test_one_income_group_at_a_time(self, alpha3: str, as_of: date) -> None:
        """No country is in two income groups on one day."""
        assert len(BOOK.groups_of(alpha3, as_of) & {"LIC", "LMIC", "UMIC", "HIC"}) <= 1

    @given(st.sampled_from(sorted(BOOK.groups)), st.dates(date(1950, 1, 1), date(2035, 1, 1)))
    def test_members_and_groups_agree(self, group: str, as_of: date) -> None:
        """Who is in a group, asked of the group and of each country, is the same."""
        listed = {code for code in BOOK.codes if group in BOOK.groups_of(code, as_of)}
        if BOOK.group_known(group, as_of):
            assert BOOK.resolve(group, as_of) == listed
        else:
            assert not listed


class TestDeveloping:
    def test_the_south(self) -> None:
        """Developing regions are South whatever their income, as are Europe's recipients of aid."""
        south = {"CHN", "IND", "BRA", "TUR", "ZAF", "KEN", "CHL", "SGP", "SAU", "MEX", "KAZ", "UKR", "MDA", "XKX"}
        assert all(BOOK.is_developing(code, TODAY) for code in south)

    def test_the_north(self) -> None:
        """Members of the EU and of the OECD's DAC are North."""
        dac = {"AUS", "CAN", "CHE", "GBR", "ISL", "JPN", "KOR", "NOR", "NZL", "USA"}
        assert not any(BOOK.is_developing(code, TODAY) for code in dac | BOOK.resolve("EU", TODAY))

    def test_korea_changed_sides(self) -> None:
        """The Republic of Korea counts as developed since it joined the DAC."""
        assert BOOK.is_developing("KOR", date(2009, 12, 31))
        assert not BOOK.is_developing("KOR", date(2010, 1, 1))

    def test_antarctica_is_neither(self) -> None:
        """What lies in no M49 region is not a developing country."""
        assert not BOOK.is_developing("ATA", TODAY)
        assert "ATA" not in BOOK.resolve("Global North", TODAY)

    def test_developing_countries_is_a_place(self) -> None:
        """ "Developing countries" and "Global South" are those the rule calls developing."""
        expected = {code for code in BOOK.codes if BOOK.is_developing(code, TODAY)}
        assert BOOK.resolve("developing countries", TODAY) == BOOK.resolve("the Global South", TODAY) == expected
        assert BOOK.resolve("LDC", TODAY) < expected

    def test_without_the_group_the_rule_says_so(self) -> None:
        """A book without the group DEVELOPED refuses to guess."""
        with pytest.raises(BadInput, match="DEVELOPED"):
            SMALL.is_developing("KEN", TODAY)


class TestCaching:
    def test_the_date_is_part_of_the_question(self) -> None:
        """The same place on two dates has two answers, asked in either order."""
        assert SMALL.resolve("LDC", date(2026, 11, 23)) == {"UGA", "NPL"}
        assert SMALL.resolve("LDC", date(2026, 11, 24)) == {"UGA"}
        assert SMALL.resolve("LDC", date(2026, 11, 23)) == {"UGA", "NPL"}

    def test_a_full_cache_starts_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Junk cannot fill the memory."""
        monkeypatch.setattr("matcher.places._CACHED", 10)
        book = PlaceBook([a_country("KEN", "Kenya")], [])
        for number in range(50):
            book.resolve(f"Ward {number}, Kenya", TODAY)
        assert len(book._resolved) <= 10

    def test_a_book_travels_to_another_process(self) -> None:
        """A book can be pickled, used or not."""
        assert pickle.loads(pickle.dumps(BOOK)).resolve("LDC", TODAY) == BOOK.resolve("LDC", TODAY)
