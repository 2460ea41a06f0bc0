"""Every actor of the five public texts finds itself: actor -> records of the sample -> one question it would ask.

The texts are listed in data/README.md. Organisations are looked up by the name the text uses; a role (nobody is named)
asks what somebody in that role would ask, and the answer must contain the record given.
"""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from embeddings.encoder import HashingEncoder
from matcher import catalogue
from matcher.matching import Matcher
from matcher.profiles import FacilitatorProgramme, FundingMechanism, Need, Place
from service.reference import load_places
from tests.sample_records import AS_OF, TEXTS, system_of, the_sample

SOURCES = Path(__file__).resolve().parents[2] / "shared" / "sources"
LETV, HUAWEI, PHOENIX, DESA, CITIES = TEXTS


class Actor(NamedTuple):
    """One actor of one text; ``answer`` must be among what ``ask`` returns."""

    who: str
    text: str
    ask: Callable[[], Iterable[str]]
    answer: str


def named(name: str) -> Callable[[], list[str]]:
    """Ask for organisations, programmes and offers by a name as the text writes it."""
    wanted = name.casefold()

    def ask() -> list[str]:
        everything = the_sample().everything()
        return [r.id for r in everything if any(wanted in label.casefold() for label in labels(r))]

    return ask


def plain(text: str) -> str:
    """Return a text in small letters, with straight quotes and single spaces."""
    return " ".join(text.replace("\u2019", "'").casefold().split())


def labels(record: object) -> tuple[str, ...]:
    own = (getattr(record, "name", None), getattr(record, "title", None), *(getattr(record, "aliases", None) or ()))
    return tuple(label for label in own if label)


def countries(places: Iterable[Place]) -> frozenset[str]:
    return frozenset().union(*(load_places().resolve(place, AS_OF) for place in places))


def need(need_id: str) -> Need:
    return next(need for need in the_sample().needs if need.id == need_id)


def meets(wanted: Iterable[str] | None, served: Iterable[str] | None) -> bool:
    """Say whether two lists of sectors meet, a parent meeting its children; unstated is unknown and meets."""
    if wanted is None or served is None:
        return True
    pairs = [(one, other) for one in wanted for other in served]
    return any(one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.") for one, other in pairs)


def serves(asked: Need, window: FacilitatorProgramme | FundingMechanism) -> bool:
    """Say whether a programme or window may serve a need by sector and place."""
    places = window.places if isinstance(window, FacilitatorProgramme) else window.eligible_places
    near = places is None or asked.beneficiary_places is None
    near = near or bool(countries(places or ()) & countries(asked.beneficiary_places or ()))
    return near and meets(asked.sectors, window.sectors)


def facilitators_for(need_id: str) -> Callable[[], list[str]]:
    return lambda: [programme.id for programme in the_sample().facilitators if serves(need(need_id), programme)]


def facilitators_of_cluster(cluster: str) -> Callable[[], set[str]]:
    def ask() -> set[str]:
        members = [asked for asked in the_sample().needs if asked.cluster == cluster]
        assert members, f"nobody needs anything in {cluster}"
        return set.intersection(*(set(facilitators_for(asked.id)()) for asked in members))

    return ask


def reaching(organisation_id: str) -> Callable[[], list[str]]:
    """Ask which programmes have an organisation in their network."""
    return lambda: [p.id for p in the_sample().facilitators if organisation_id in (p.network or ())]


def funders_for(need_id: str) -> Callable[[], list[str]]:
    """Ask which windows are open on the pinned day and may serve a need."""

    def ask() -> list[str]:
        windows = [w for w in the_sample().mechanisms if w.closes is None or w.closes >= AS_OF]
        return [window.id for window in windows if serves(need(need_id), window)]

    return ask


def needs_where(test: Callable[[Need], object]) -> Callable[[], list[str]]:
    return lambda: [asked.id for asked in the_sample().needs if test(asked)]


def offers_in(*sectors: str, country: str | None = None) -> Callable[[], list[str]]:
    """Ask for offers in a sector, and those offered in a country where one is given."""

    def ask() -> list[str]:
        offers = [offer for offer in the_sample().capabilities if offer.sectors and meets(sectors, offer.sectors)]
        return [o.id for o in offers if country is None or country in countries(o.places_offered or ())]

    return ask


def offers_of(name: str) -> Callable[[], list[str]]:
    """Ask for the offers of an organisation by its name."""
    return lambda: [o.id for o in the_sample().capabilities if o.organisation_id in named(name)()]


def cases_of(organisation_id: str) -> Callable[[], list[str]]:
    return lambda: [c.id for c in the_sample().cases if organisation_id in (c.provider_id, c.recipient_id)]


def quiet_partners() -> list[str]:
    """Ask which partners are dormant or inactive and must be reactivated before they are proposed."""
    return [o.id for o in the_sample().organisations if o.activity_status in ("dormant", "inactive")]


def speaking_of(*words: str) -> Callable[[], list[str]]:
    """Ask for needs whose text speaks of somebody."""
    return needs_where(lambda n: any(w in f"{n.summary} {n.beneficiaries}".casefold() for w in words))


def triangular_windows() -> list[str]:
    """Ask for windows that pay when developing countries work together and a third party adds its part."""
    return [window.id for window in the_sample().mechanisms if "developing countr" in (window.summary or "")]


def in_group(group: str) -> Callable[[Need], bool]:
    members = load_places().members(group, AS_OF)
    return lambda asked: bool(countries(asked.beneficiary_places or ()) & members)


@cache
def matcher() -> Matcher:
    """Return the matcher over the sample, with the encoder that needs no model."""
    offers = sorted(the_sample().capabilities, key=lambda offer: offer.id)
    organisations = {organisation.id: organisation for organisation in the_sample().organisations}
    encoder = HashingEncoder()
    return Matcher(catalogue.build(offers, organisations, encoder, load_places(), AS_OF), encoder, load_places(), AS_OF)


def shortlisted(need_id: str) -> Callable[[], list[str]]:
    """Ask the matcher for the ten best offers of a need."""
    return lambda: [match.capability_id for match in matcher().match(need(need_id), 10).matches]


ORGANISATIONS = (
    Actor("UNDP", LETV, named("UNDP"), "org-undp"),
    Actor("Letv", LETV, named("Letv"), "org-letv"),
    Actor("Letv Cloud Computing", LETV, offers_of("Letv Cloud Computing"), "cap-letv-cloud-support"),
    Actor("UNIDO", HUAWEI, named("UNIDO"), "org-unido"),
    Actor("Huawei Technologies", HUAWEI, offers_in("digital.connectivity", country="TCD"), "cap-huawei-rural-digital"),
    Actor("UNOSSC", PHOENIX, named("United Nations Office for South-South Cooperation"), "org-unossc"),
    Actor("Phoenix TV", PHOENIX, named("Phoenix TV"), "fac-phoenix-partners"),
    Actor("Phoenix TV SEED institute", PHOENIX, reaching("org-phoenix-seed"), "fac-phoenix-partners"),
    Actor(
        "International Centre on Small Hydro Power", PHOENIX, offers_in("energy.hydropower"), "cap-icshp-small-hydro"
    ),
    Actor("three hydropower projects", PHOENIX, cases_of("org-icshp"), "case-icshp-three-projects"),
    Actor("CCPIT Training Center", PHOENIX, named("CCPIT Training Center"), "org-ccpit-training"),
    Actor("China Foundation for Poverty Alleviation", PHOENIX, reaching("org-cfpa"), "fac-phoenix-partners"),
    Actor("China Institute for South-South Cooperation in Agriculture", PHOENIX, named("in Agriculture"), "org-cissca"),
    Actor("alternative development enterprise", PHOENIX, named("enterprise in Myanmar"), "org-myanmar-alt-dev"),
    Actor("South-South Galaxy", PHOENIX, named("South-South Galaxy"), "cap-south-south-galaxy"),
    Actor("UN DESA", DESA, named("UN DESA"), "fac-undesa-most"),
    Actor("Ministry of Science and Technology of China", DESA, cases_of("org-most-china"), "case-undesa-most-mou"),
    Actor("Economic and Social Council", DESA, named("ECOSOC"), "org-ecosoc"),
    Actor("Green Technology Bank", DESA, facilitators_for("need-mwi-mission-hydro"), "fac-green-technology-bank"),
    Actor("Global Cleantech Cluster Associations", DESA, reaching("org-g-hub"), "fac-undesa-most"),
    Actor("Global Innovation Exchange", DESA, reaching("org-global-innovation-exchange"), "fac-undesa-most"),
    Actor("Shenwu Technology Group Corp", DESA, reaching("org-shenwu"), "fac-undesa-most"),
    Actor(
        "Shanghai Science and Technology Development and Exchange Center",
        DESA,
        reaching("org-shanghai-st-exchange"),
        "fac-undesa-most",
    ),
    Actor("Chinese Academy of Sciences", DESA, reaching("org-cas"), "fac-undesa-most"),
    Actor("Sinopro IP Management", DESA, reaching("org-sinopro"), "fac-undesa-most"),
    Actor("China Technology Exchange", DESA, reaching("org-china-technology-exchange"), "fac-undesa-most"),
    Actor("Silk Road Cities Project", CITIES, named("Silk Road Cities Project"), "org-silk-road-cities"),
    Actor("CICETE", CITIES, reaching("org-cicete"), "fac-silk-road-cities"),
)

ROLES = (
    Actor(
        "partner working on the urban-rural digital gap and clean energy",
        LETV,
        needs_where(lambda n: {"digital", "energy"} <= set(n.sectors or ())),
        "need-undp-china-digital-gap",
    ),
    Actor("whoever learns from an earlier memorandum", LETV, cases_of("org-letv"), "case-undp-letv-mou"),
    Actor("developing countries assisted", LETV, needs_where(in_group("LDC")), "need-tcd-ecoles-lac"),
    Actor("coordinator of South-South cooperation", HUAWEI, reaching("org-huawei"), "fac-unido-sstc"),
    Actor(
        "African countries without digital infrastructure",
        HUAWEI,
        needs_where(lambda n: meets(["digital.connectivity"], n.sectors or ())),
        "need-unido-africa-digital",
    ),
    Actor(
        "those who carry the Industrial Development Decade for Africa",
        HUAWEI,
        needs_where(lambda n: "IDDA III" in (n.national_priority_refs or ())),
        "need-eth-industry40",
    ),
    Actor("villages in digital poverty", HUAWEI, offers_in("digital.connectivity", country="SSD"), "cap-village-mesh"),
    Actor(
        "industry looking for Industry 4.0 skills", HUAWEI, offers_in("industry.industry_4_0"), "cap-learning-factory"
    ),
    Actor("speaker for triangular cooperation", PHOENIX, triangular_windows, "fund-jade-triangular"),
    Actor("teller of cases for a report", PHOENIX, cases_of("org-harambee-hydro"), "case-hydro-tea-hills"),
    Actor("alternative development in Myanmar", PHOENIX, offers_in("agriculture", country="MMR"), "cap-rice-salinity"),
    Actor("training centre", PHOENIX, offers_in("education.vocational"), "cap-ecommerce-online"),
    Actor("Southern government in search of funding", PHOENIX, funders_for("need-gmb-floods"), "fund-commons-grants"),
    Actor(
        "supplier of a technology",
        DESA,
        needs_where(
            lambda n: "licence_nonexclusive" in (n.accepted_modes or ()) and "agriculture.crops" in (n.sectors or ())
        ),
        "need-fall-armyworm-ten",
    ),
    Actor("user of a technology", DESA, offers_in("water.drinking", country="ETH"), "cap-defluoridation"),
    Actor(
        "those who mend the offline conditions",
        DESA,
        needs_where(lambda n: n.enabling and "missing" in (n.enabling.policy, n.enabling.finance)),
        "need-rwa-tto",
    ),
    Actor("young people", DESA, speaking_of("jeunes", "youth", "girls"), "need-tgo-plastique"),
    Actor("women", DESA, speaking_of("women", "femmes", "mulheres", "mujeres"), "need-ner-maraichage"),
    Actor("government agency", DESA, needs_where(lambda n: n.endorsement), "need-lbr-births"),
    Actor("adviser on rights in technology", DESA, reaching("org-panbio"), "fac-fairlicence"),
    Actor("business that makes and sells", DESA, shortlisted("need-guy-ferry"), "cap-solar-ferry"),
    Actor("expert who is asked for the best line", DESA, shortlisted("need-eth-fluoride"), "cap-defluoridation"),
    Actor("researcher for joint study", DESA, offers_in("science"), "cap-wastewater-surveillance"),
    Actor(
        "project office: whose COVID-19 needs",
        CITIES,
        needs_where(lambda n: meets(["health.pandemic"], n.sectors or ()) and n.owner_organisation_id),
        "need-silk-road-cities-covid",
    ),
    Actor(
        "city in a sectoral cluster",
        CITIES,
        facilitators_of_cluster("Caravan cities: e-commerce and digital innovation"),
        "fac-dhow-clusters",
    ),
    Actor(
        "the project's own clusters",
        CITIES,
        facilitators_of_cluster("Sectoral city clusters of the Silk Road Cities Project"),
        "fac-silk-road-cities",
    ),
    Actor("partner to be reactivated", CITIES, quiet_partners, "org-bamboo-hall"),
    Actor("who can reach a quiet partner", CITIES, reaching("org-bamboo-hall"), "fac-dhow-clusters"),
    Actor(
        "teacher of e-commerce online", CITIES, offers_in("digital.e_commerce", country="UZB"), "cap-ecommerce-online"
    ),
    Actor(
        "those who assess needs and monitor",
        CITIES,
        lambda: [
            p.id for p in the_sample().facilitators if {"needs_assessment", "monitoring"} <= set(p.services or ())
        ],
        "fac-silk-road-cities",
    ),
    Actor("city matched by its cluster's need", CITIES, shortlisted("need-tza-market-waste"), "cap-market-compost"),
    Actor("financial officer", CITIES, needs_where(lambda n: n.financing_state == "sought"), "need-gmb-floods"),
    Actor("funder of city projects", CITIES, funders_for("need-caravan-ecommerce"), "fund-jade-triangular"),
    Actor("those who look back at a year's plan", CITIES, cases_of("org-silk-road-cities"), "case-cities-project-2020"),
)


@pytest.mark.parametrize("actor", ORGANISATIONS + ROLES, ids=lambda actor: actor.who)
def test_an_actor_finds_itself(actor: Actor) -> None:
    """The question of each actor is answered with the record that stands for it."""
    assert actor.answer in set(actor.ask())


def test_every_real_organisation_stands_in_the_table() -> None:
    """No organisation of the texts is in the sample without a question, and each text has organisations and roles."""
    asked = {record for actor in ORGANISATIONS for record in (actor.answer, *actor.ask())}
    real = {o.id for o in the_sample().organisations if system_of(o) in TEXTS}
    owners = {offer.organisation_id for offer in the_sample().capabilities if offer.id in asked}
    owners |= {programme.organisation_id for programme in the_sample().facilitators if programme.id in asked}
    networks = {to for p in the_sample().facilitators if p.id in asked for to in p.network or ()}
    cases = {to for c in the_sample().cases if c.id in asked for to in (c.provider_id, c.recipient_id)}
    assert real - asked - owners - networks - cases == set()
    assert {actor.text for actor in ROLES} == set(TEXTS)


@pytest.mark.shared
def test_the_texts_name_the_organisations() -> None:
    """Each real organisation is named, by its name or an alias, in the text it is said to come from."""
    if not SOURCES.is_dir():
        pytest.skip("the five texts are not beside this checkout")
    told = {plain(path.read_text(encoding="utf-8")) for path in SOURCES.glob("*.txt")}
    by_system = {system: next(text for text in told if plain(headline) in text) for system, headline in TEXTS.items()}
    for organisation in the_sample().organisations:
        if system_of(organisation) in TEXTS:
            names = {plain(label.partition(" (")[0]) for label in labels(organisation)}
            assert any(name in by_system[system_of(organisation)] for name in names), organisation.name


def test_a_question_can_be_answered_with_nothing() -> None:
    """The questions discriminate: an actor that is not there is not found, nor a cluster served from elsewhere."""
    assert named("Wholly Unheard-of Institute")() == []
    assert "fac-rede-lusofona" not in facilitators_for("need-mwi-mission-hydro")()
    assert "fund-covid-recovery-closed" not in funders_for("need-bdi-oxygene")()
