"""What of a profile is embedded and quoted."""

from matcher import sections
from tests.builders import a_capability, a_need


def test_the_first_section_is_made_of_required_fields_only() -> None:
    """Deleting any optional field leaves it as it is, so that nothing frozen on it can move."""
    bare = a_capability(title="Pumps", summary="Solar pumps for farms.")
    rich = a_capability(title="Pumps", summary="Solar pumps for farms.", description="Long.", keywords=["solar"])
    assert (
        sections.of_capability(rich)[0]
        == sections.of_capability(bare)[0]
        == ("title and summary", "Pumps. Solar pumps for farms.")
    )


def test_every_text_of_a_capability_is_a_section_of_its_own() -> None:
    """Nothing that was written is left out; blank fields make no section."""
    found = sections.of_capability(
        a_capability(description="How.", problem_solved="What.", advantages=" ", keywords=["a", "b"])
    )
    assert [part.title for part in found] == ["title and summary", "description", "problem solved", "keywords"]


def test_a_title_that_only_repeats_the_summary_is_not_said_twice() -> None:
    """Shortened titles, with an ellipsis or a full stop, count as repetition."""
    need = a_need(title="Clean water for\u2026", summary="Clean water for the hill villages.")
    assert sections.of_need(need)[0].text == "Clean water for the hill villages."


def test_a_need_is_its_problem_and_its_gap() -> None:
    """Beneficiaries and the rest of the form are not searched with."""
    need = a_need(gap_description="A turbine.", beneficiaries="400 families")
    assert [part.title for part in sections.of_need(need)] == ["title and summary", "gap"]
