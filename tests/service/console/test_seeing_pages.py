"""What somebody may not see is on no page of theirs: no title, no count, no link, in whatever release it is."""

import html

import pytest

from matcher.vocabulary import Confidentiality
from service.accounts.roles import Role
from tests.browser.pages import PAGES
from tests.builders import a_capability, a_case, a_need
from tests.service.api.world import World

SECRET = "Lanterns of Cerulean"
FACTS = {"sectors": ["energy.hydropower"], "sdg_goals": [7]}
MORE = ("/needs/need-secret", "/capabilities/cap-secret", "/cases/case-secret", "/search?q=lanterns", "/?q=lanterns")


@pytest.fixture(scope="module")
def confidential(served: World) -> World:
    """A world whose release holds a need, an offer and a case that only the tenant's brokers may see."""
    level = Confidentiality.BROKER_ONLY
    served.upsert(
        "needs",
        a_need("need-secret", title=f"{SECRET} need", beneficiary_places=["NPL"], confidentiality=level, **FACTS),
    )
    served.upsert(
        "capabilities",
        a_capability("cap-secret", title=f"{SECRET} offer", places_offered=["World"], confidentiality=level, **FACTS),
    )
    served.upsert("cases", a_case("case-secret", title=f"{SECRET} case", places=["NPL"], confidentiality=level))
    served.night()
    return served


@pytest.mark.parametrize(
    ("role", "tenant", "sees"),
    [(Role.BROKER, "default", True), (Role.VIEWER, "default", False), (Role.BROKER, "elsewhere", False)],
)
def test_a_secret_is_on_no_page_of_who_may_not_see_it(
    confidential: World, role: Role, tenant: str, *, sees: bool
) -> None:
    told: dict[str, bool] = {}
    with confidential.client(confidential.key_of(role, tenant_id=tenant)) as client:
        for path in (*PAGES, *MORE):
            answer = client.get(path, headers={"Accept": "text/html"})
            assert answer.status_code < 500, path
            told[path] = SECRET in html.unescape(answer.text)
    if sees:
        assert told["/needs/need-1"]
        assert all(told[path] for path in MORE[:3])
    else:
        assert not [path for path, found in told.items() if found]
