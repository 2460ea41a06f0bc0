"""Codes of records stand on pages by the names people know them by."""

import json

from matcher.profiles import FundingMechanism
from service.console.spelling import FINANCE_TYPES, finance_type
from service.console.views import facts
from service.reference import data_folder
from tests.builders import a_mechanism


def test_a_finance_type_is_named_with_its_code_and_one_without_a_name_says_whose_code_it_is() -> None:
    mechanism = a_mechanism(finance_types=["110", "421", "999"])
    assert ("Finance types", "standard grant (110), standard loan (421), code 999 (OECD DAC)") in list(facts(mechanism))


def test_every_finance_type_of_the_sample_has_a_name() -> None:
    lines = (data_folder() / "sample" / "mechanisms.jsonl").read_text(encoding="utf-8").splitlines()
    stated = {code for line in lines for code in FundingMechanism.model_validate(json.loads(line)).finance_types or ()}
    assert stated
    assert stated <= FINANCE_TYPES.keys()
    assert finance_type("110") == "standard grant (110)"
