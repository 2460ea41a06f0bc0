"""What data/sample promises: valid, varied, honest about what is real, every text its own."""

import json
from collections import Counter
from datetime import date, datetime
from itertools import chain, combinations

import pytest
from rapidfuzz import fuzz

from matcher.profiles import KINDS, Located, Profile
from service.reference import load_places
from tests.sample_records import (
    AS_OF,
    FICTION,
    TEXTS,
    card,
    lines,
    places_of,
    references_of,
    stated_share,
    system_of,
    table_rows,
    the_sample,
)

MINIMA = {"organisations": 45, "capabilities": 84, "needs": 42, "mechanisms": 11, "facilitators": 11, "cases": 16}
ALIKE = 75  # token-sort ratio; the nearest two texts of the sample retell one event and reach 66
ROLE_MAILBOXES = {"partnerships", "energy", "proyectos", "contact", "water", "office", "loans"}


def summaries() -> list[tuple[str, str]]:
    texts = ((record.id, getattr(record, "summary", None)) for record in the_sample().everything())
    return [(id_, text) for id_, text in texts if text]


def top_sectors() -> Counter[str]:
    found = (getattr(record, "sectors", None) or () for record in the_sample().everything())
    return Counter(sector.split(".")[0] for sector in chain.from_iterable(found))


def countries_of_work() -> frozenset[str]:
    """Where needs are and where capabilities were put to work, as alpha-3 codes, groups left out."""
    book = load_places()
    named = chain.from_iterable(need.beneficiary_places or () for need in the_sample().needs)
    worked = (d.country for capability in the_sample().capabilities for d in capability.deployed_in or ())
    sets = [book.resolve(place, AS_OF) for place in chain(named, worked)]
    return frozenset().union(*(codes for codes in sets if len(codes) == 1))


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_is_a_valid_record(kind: str) -> None:
    """Each line validates against its model, and holds one JSON object."""
    for number, line in enumerate(lines(kind), start=1):
        assert isinstance(json.loads(line), dict), f"{kind} line {number}"
        KINDS[kind].model_validate_json(line)


@pytest.mark.parametrize(("kind", "least"), MINIMA.items())
def test_there_are_enough_records_of_each_kind(kind: str, least: int) -> None:
    assert len(the_sample().of_kind(kind)) >= least


def test_at_least_twelve_top_level_sectors_have_three_records_each() -> None:
    assert sum(count >= 3 for count in top_sectors().values()) >= 12


def test_every_goal_is_asked_for_and_offered() -> None:
    """All seventeen goals appear among the needs and among the capabilities."""
    for records in (the_sample().needs, the_sample().capabilities):
        assert {goal for record in records for goal in record.sdg_goals or ()} == set(range(1, 18))


def test_at_least_thirty_five_countries_among_them_ldc_lldc_and_sids() -> None:
    countries = countries_of_work()
    assert len(countries) >= 35
    groups = Counter(group for code in countries for group in load_places().groups_of(code, AS_OF))
    assert min(groups[group] for group in ("LDC", "LLDC", "SIDS")) >= 8


def test_ids_and_source_ids_are_unique() -> None:
    """No id stands twice in any kind, nor does a (system, source id), which imports are keyed by."""
    ids = Counter(record.id for record in the_sample().everything())
    assert [id_ for id_, count in ids.items() if count > 1] == []
    keys = Counter((r.source.system, r.source.source_id) for r in the_sample().everything() if r.source)
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_organisation_referred_to_exists() -> None:
    known = {organisation.id for organisation in the_sample().organisations}
    missing = {(record.id, to) for record in the_sample().everything() for to in references_of(record)}
    assert {pair for pair in missing if pair[1] not in known} == set()


def test_every_place_is_known() -> None:
    """Each place of each record resolves as of the pinned date, except parts of countries, which need their country."""
    for record in the_sample().everything():
        for place in places_of(record):
            assert load_places().resolve(place, AS_OF), f"{record.id}: {place}"


def test_real_facts_name_their_text() -> None:
    """A record is fiction and says so, or names one of the five texts by system and headline."""
    for record in the_sample().everything():
        if system_of(record) != FICTION:
            assert record.source
            headline, _, actor = record.source.source_id.partition(" # ")
            assert headline == TEXTS[system_of(record)]
            assert actor == record.id


def test_fiction_and_fact_never_mix() -> None:
    """A fictional record points to fictional organisations only, and one taken from a text to real ones only."""
    fictional = {organisation.id: system_of(organisation) == FICTION for organisation in the_sample().organisations}
    for record in the_sample().everything():
        assert {fictional[to] for to in references_of(record)} <= {system_of(record) == FICTION}, record.id


def test_fictional_organisations_cannot_be_mistaken() -> None:
    """An alias says (fictional); addresses are role mailboxes under .example, reserved for examples."""
    for organisation in the_sample().organisations:
        if system_of(organisation) != FICTION:
            assert organisation.contact_channel is None
            assert organisation.website is None
            continue
        assert any("(fictional)" in alias for alias in organisation.aliases or ())
        assert (organisation.website or ".example").endswith(".example")
        mailbox, _, host = (organisation.contact_channel or "partnerships@x.example").partition("@")
        assert mailbox in ROLE_MAILBOXES
        assert host.endswith(".example")


def test_real_organisations_inferred_facts_say_so() -> None:
    """A role, country, kind or sector that is our reading of a text is marked inferred, and the field exists."""
    for record in the_sample().everything():
        for field, how in (record.provenance or {}).items():
            assert getattr(record, field) is not None, f"{record.id}: {field} is {how} and absent"


def test_a_memorandum_is_told_as_an_intent() -> None:
    """No case that rests on a memorandum claims a result."""
    memoranda = [c for c in the_sample().cases if system_of(c) != FICTION and "emorandum" in c.title]
    assert len(memoranda) >= 2
    assert all("intent" in (case.outcome or "") for case in memoranda)


def test_every_text_is_its_own() -> None:
    """No two summaries are alike: nothing is made from a template."""
    near = [
        (one, other)
        for (one, text), (other, second) in combinations(summaries(), 2)
        if fuzz.token_sort_ratio(text, second, score_cutoff=ALIKE)
    ]
    assert near == []


def test_texts_have_the_length_of_real_profiles() -> None:
    """Thin profiles exist, most summaries have 25 to 80 words, and some descriptions are long."""
    texts = [offer.summary for offer in the_sample().capabilities] + [need.summary for need in the_sample().needs]
    lengths = sorted(len(text.split()) for text in texts)
    assert lengths[0] <= 12
    assert lengths[-1] <= 80
    assert 35 <= lengths[len(lengths) // 2] <= 60
    assert sum(80 <= len((c.description or "").split()) <= 200 for c in the_sample().capabilities) >= 12


def test_no_date_lies_after_the_pinned_day() -> None:
    for record in the_sample().everything():
        for moment in (record.created_at, record.updated_at):
            day = moment.date() if isinstance(moment, datetime) else moment
            assert (day or date.min) <= AS_OF, record.id
    assert all((o.last_contact_at or date.min) <= AS_OF for o in the_sample().organisations)


def test_the_variety_of_real_data_is_there() -> None:
    """One need of ten countries, groups as places, parts of countries, several languages, each state of a record."""
    needs, offers = the_sample().needs, the_sample().capabilities
    assert max(len(need.beneficiary_places or ()) for need in needs) == 10
    named = {place for need in needs for place in need.beneficiary_places or () if isinstance(place, str)}
    assert {"LDC", "LLDC", "SIDS", "Swaziland", "Lao PDR", "NAM"} <= named
    assert sum(isinstance(place, Located) for need in needs for place in need.beneficiary_places or ()) >= 20
    assert {"en", "fr", "es", "pt", "ru"} <= {record.language for record in needs}
    assert {"published", "expired", "withdrawn", "draft"} <= {r.review_state or "published" for r in (*needs, *offers)}
    assert {o.activity_status for o in the_sample().organisations} >= {"active", "dormant", "inactive"}
    assert len({offer.price.currency for offer in offers if offer.price}) >= 8
    assert sum(need.cluster is not None for need in needs) >= 6


def test_one_hub_offers_more_than_it_has_room_for() -> None:
    offers = Counter(capability.organisation_id for capability in the_sample().capabilities)
    hub, count = offers.most_common(1)[0]
    slots = next(o.slots_total for o in the_sample().organisations if o.id == hub)
    assert slots is not None
    assert count > slots


def counted(records: tuple[Profile, ...]) -> str:
    return str(len(records))


@pytest.mark.parametrize("kind", KINDS)
def test_the_card_counts_the_records(kind: str) -> None:
    """The table of files in data/README.md tells how many records each file holds."""
    rows = {row[0].strip("`"): row[1] for row in table_rows(card(), "## The sample catalogue")}
    assert rows[f"sample/{kind}.jsonl"] == counted(the_sample().of_kind(kind))


def test_the_card_states_the_shares_of_stated_fields() -> None:
    """The table of fields in data/README.md is what the files say; the message is the table to paste."""
    rows = [(kind, field.strip("`")) for kind, field, _ in table_rows(card(), "## How much is stated")]
    true = [f"| {kind} | `{f}` | {stated_share(the_sample().of_kind(kind), f)} % |" for kind, f in rows]
    assert all(line in card() for line in true), "\n".join(true)
    assert len(rows) >= 20


def test_the_card_names_each_text() -> None:
    for system, headline in TEXTS.items():
        assert f"`{system}`" in card()
        assert headline in card()
