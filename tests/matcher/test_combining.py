"""A cluster matched as one: a partner's score for all is the mean of its best for each, by the lists as they are."""

from hypothesis import given
from hypothesis import strategies as st

from matcher.combining import Listed, combine
from matcher.profiles import CapabilityId, NeedId, OrganisationId
from matcher.vocabulary import Tier


def _line(organisation: str, capability: str, score: float, tier: Tier = Tier.B, rank: int = 1) -> Listed:
    return Listed(OrganisationId(organisation), CapabilityId(capability), rank, score, tier)


def test_who_serves_several_stands_before_who_serves_one_better() -> None:
    """all: (.6 + .5) / 2 = .55; best: .9 / 2 = .45."""
    partners = combine(
        {
            NeedId("n1"): [_line("best", "c9", 0.9), _line("all", "c1", 0.6), _line("all", "c2", 0.4)],
            NeedId("n2"): [_line("all", "c2", 0.5)],
        }
    )
    assert [(one.organisation_id, one.score) for one in partners] == [("all", 0.55), ("best", 0.45)]
    assert [(one.need_id, one.capability_id, one.score) for one in partners[0].serves] == [
        ("n1", "c1", 0.6),
        ("n2", "c2", 0.5),
    ]


def test_a_near_miss_serves_nobody() -> None:
    assert combine({NeedId("n1"): [_line("o", "c", 0.9, Tier.C)]}) == ()


LISTS = st.dictionaries(
    st.sampled_from(["n1", "n2", "n3"]).map(NeedId),
    st.lists(
        st.builds(
            _line,
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["c1", "c2", "c3"]),
            st.sampled_from([0.2, 0.5, 0.8]),
            st.sampled_from(Tier),
        ),
        max_size=6,
    ),
    min_size=1,
)


@given(LISTS)
def test_taking_a_line_off_a_list_never_raises_anybody(lists: dict[NeedId, list[Listed]]) -> None:
    whole = {one.organisation_id: one.score for one in combine(lists)}
    for need, lines in lists.items():
        for at in range(len(lines)):
            for one in combine({**lists, need: lines[:at] + lines[at + 1 :]}):
                assert one.score <= whole[one.organisation_id]


@given(LISTS)
def test_the_order_of_lists_and_lines_does_not_matter(lists: dict[NeedId, list[Listed]]) -> None:
    assert [(p.organisation_id, p.score) for p in combine(lists)] == [
        (p.organisation_id, p.score) for p in combine({need: lines[::-1] for need, lines in reversed(lists.items())})
    ]
