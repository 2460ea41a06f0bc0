"""What a reader of a published release is promised."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from service.releases import (
    BrokenRelease,
    CurrentRelease,
    NoRelease,
    Release,
    current_release,
    published,
)
from service.releases.publishing import serve
from service.wire import match_from_json, shortlist_json
from tests.service.releases.making import NOON, a_match, a_near_miss, a_release, a_shortlist

LISTS = (
    a_shortlist("need-2"),
    a_shortlist("need-1", a_match("need-1", "cap-1"), a_near_miss("need-1", "cap-2", 2)),
    a_shortlist("need-3", a_match("need-3", "cap-2", score=0.5), a_match("need-3", "cap-1", 2, score=0.5 - 1e-5)),
)


def test_a_shortlist_comes_back_as_it_was_made(tmp_path: Path) -> None:
    release = a_release(tmp_path, *LISTS)
    assert [release.shortlist(shortlist.need_id) for shortlist in LISTS] == list(LISTS)


def test_matches_are_served_as_texts_in_rank_order(tmp_path: Path) -> None:
    release = a_release(tmp_path, *LISTS)
    texts = release.match_texts("need-3")
    assert [json.loads(text)["capability_id"] for text in texts] == ["cap-2", "cap-1"]
    assert [match_from_json(text) for text in texts] == list(LISTS[2].matches)
    assert release.match_texts("need-3", 1) == texts[:1]


def test_a_shortlist_text_is_what_serialising_the_shortlist_gives(tmp_path: Path) -> None:
    release = a_release(tmp_path, *LISTS)
    for made in LISTS:
        assert release.shortlist_text(made.need_id) == shortlist_json(made)
    assert release.shortlist_text("need-0") is None


def test_a_match_text_has_the_field_names_and_values_of_the_closed_lists(tmp_path: Path) -> None:
    match = json.loads(a_release(tmp_path, *LISTS).match_texts("need-1")[0])
    assert match["tier"] == "B"
    assert match["gates"][1] == {"gate": "place", "state": "unknown", "detail": "places not stated"}
    assert match["contributions"][1]["value"] is None


def test_a_need_without_matches_has_a_header_and_no_rows(tmp_path: Path) -> None:
    release = a_release(tmp_path, *LISTS)
    header = release.header("need-2")
    assert header is not None
    assert (header.need_title, header.rows, header.notes) == ("Title of need-2", 0, ("one tier only",))
    assert release.match_texts("need-2") == []


def test_an_unknown_need_or_pair_is_none(tmp_path: Path) -> None:
    release = a_release(tmp_path, *LISTS)
    assert release.header("need-0") is None
    assert release.shortlist("x" * 300) is None
    assert release.match_text("need-1", "cap-7") is None
    assert release.reverse("nothing") == []


def test_one_pair_is_found_by_its_two_ids(tmp_path: Path) -> None:
    text = a_release(tmp_path, *LISTS).match_text("need-1", "cap-2")
    assert text is not None
    assert match_from_json(text) == LISTS[1].matches[1]


def test_the_reverse_list_has_eligible_first_then_falling_scores(tmp_path: Path) -> None:
    release = a_release(tmp_path, *LISTS)
    assert [(entry.need_id, entry.rank) for entry in release.reverse("cap-2")] == [("need-3", 1), ("need-1", 2)]
    assert [(entry.need_id, entry.rank) for entry in release.reverse("cap-1")] == [("need-1", 1), ("need-3", 2)]
    assert [json.loads(text)["need_id"] for text in release.reverse_texts("cap-1", 1)] == ["need-1"]
    assert release.reverse("cap-5") == []


def test_more_needs_than_a_part_holds_are_read_from_several_parts(tmp_path: Path) -> None:
    lists = [a_shortlist(f"need-{n:04d}", a_match(f"need-{n:04d}", f"cap-{n % 12}")) for n in range(600)]
    release = a_release(tmp_path, *lists)
    assert release.part_count == 3
    assert release.shortlist("need-0599") == lists[599]
    assert [header.need_id for header, _ in release.each_shortlist()] == [one.need_id for one in lists]
    assert len(release.reverse("cap-3")) == 50


def test_arrays_are_mapped_not_read(tmp_path: Path) -> None:
    arrays = a_release(tmp_path).arrays()
    assert isinstance(arrays["vectors"].base, np.memmap)
    assert not arrays["vectors"].flags.writeable
    assert arrays["empty"].shape == (0, 2)


def test_opening_refuses_a_folder_with_a_file_cut_short(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    lines = release.folder / "records" / "needs.jsonl"
    lines.write_bytes(lines.read_bytes()[:-1])
    with pytest.raises(BrokenRelease, match=r"needs.jsonl has \d+ bytes, expected"):
        Release.open(release.folder)


def test_verifying_finds_one_changed_byte(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    release.verify()
    lines = release.folder / "records" / "needs.jsonl"
    lines.write_bytes(lines.read_bytes().replace(b"hill", b"bill"))
    with pytest.raises(BrokenRelease, match=r"needs.jsonl has other content"):
        release.verify()


def test_a_manifest_of_a_later_format_says_to_update(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    path = release.folder / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(BrokenRelease, match="update this program"):
        Release.open(release.folder)


def test_a_manifest_that_is_not_one_is_named_broken(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    (release.folder / "manifest.json").write_text("[]")
    with pytest.raises(BrokenRelease, match="cannot be read"):
        Release.open(release.folder)
    assert published(tmp_path) == []


def test_without_a_release_the_error_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NoRelease, match="run matcher nightly"):
        current_release(tmp_path)
    with pytest.raises(NoRelease, match=r"no manifest.json"):
        Release.open(tmp_path / "absent")


def test_a_running_reader_sees_a_new_release_within_half_a_second_and_not_sooner(tmp_path: Path) -> None:
    now = [0.0]
    first = a_release(tmp_path)
    current = CurrentRelease(tmp_path, clock=lambda: now[0])
    assert current.get().id == first.id
    second = a_release(tmp_path, k=10, created_at=NOON + timedelta(days=1))
    now[0] = 0.4
    assert current.get().id == first.id
    now[0] = 0.5
    assert current.get().id == second.id
    assert current.get() is current.get()


def test_a_running_reader_keeps_the_old_release_when_the_new_one_is_broken(tmp_path: Path) -> None:
    now = [0.0]
    first = a_release(tmp_path)
    current = CurrentRelease(tmp_path, clock=lambda: now[0])
    current.get()
    serve(tmp_path, "not-there")
    now[0] = 1.0
    assert current.get().id == first.id
    serve(tmp_path, first.id)
    now[0] = 2.0
    assert current.get().id == first.id


def test_a_reader_started_before_the_first_night_sees_it_when_it_comes(tmp_path: Path) -> None:
    current = CurrentRelease(tmp_path)
    with pytest.raises(NoRelease):
        current.get()
    release = a_release(tmp_path)
    assert current.get().id == release.id


def test_reading_a_release_brings_in_no_torch(tmp_path: Path) -> None:
    a_release(tmp_path, *LISTS)
    code = (
        "import sys, pathlib; from service.releases import current_release;"
        f"r = current_release(pathlib.Path({str(tmp_path)!r}));"
        "r.match_texts('need-1'); r.reverse('cap-1'); r.needs[0]; r.arrays(); r.verify();"
        "print(sorted(sys.modules.keys() & {'torch', 'sentence_transformers', 'sqlalchemy', 'fastapi', 'numba'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
