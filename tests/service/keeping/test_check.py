"""``matcher db check`` finds what is not as it was written."""

from itertools import takewhile
from pathlib import Path
from tempfile import gettempdir

import pytest

from service.keeping.checking import check
from service.settings import Settings
from tests.service.api.world import World
from tests.unprivileged import is_so_for_others


def changed(world: World, statement: str) -> None:
    with world.store.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_whole_store_has_no_problem(world: World) -> None:
    found = check(world.settings)
    assert found.problems == ()
    assert (found.records > 10, found.releases) == (True, 1)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE records SET profile = replace(profile, 'NPL', 'BTN') WHERE id = 'need-1'",
            "need-1, version 1: its content",
        ),
        ("UPDATE records SET profile = '{}' WHERE id = 'need-1'", "its content is not what its hash says"),
        ("DELETE FROM record_facets WHERE id = 'need-1'", "need-1: it is not found by what it says"),
        ("UPDATE record_facets SET id = 'ghost' WHERE id = 'need-1'", "ghost: filters find it"),
    ],
)
def test_a_row_that_was_tampered_with_is_named(world: World, statement: str, said: str) -> None:
    changed(world, statement)
    assert any(said in problem for problem in check(world.settings).problems)


def test_a_damaged_release_is_named(world: World) -> None:
    (path,) = world.settings.releases_dir.glob("[!.]*/records/needs.jsonl")
    content = bytearray(path.read_bytes())
    content[5] ^= 1
    path.write_bytes(content)
    assert any("needs.jsonl" in problem for problem in check(world.settings).problems)


def test_a_damaged_database_file_is_told_not_raised(world: World) -> None:
    world.store.close()
    path = world.settings.data_dir / "matcher.db"
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 3] = b"\xff" * (4096 * 2)
    path.write_bytes(content)
    assert any("damaged" in problem for problem in check(world.settings).problems)


def test_a_file_that_may_not_be_written_is_not_called_damaged(world: World) -> None:
    """Nobody restores a backup over a store that only belongs to somebody else. Root is let in everywhere."""
    world.store.close()
    assert not check(world.settings).problems
    for path in (*world.settings.data_dir.glob("matcher.db*"), world.settings.data_dir):
        path.chmod(0o555 if path.is_dir() else 0o444)
    for path in takewhile(lambda path: path != Path(gettempdir()), world.settings.data_dir.parents):
        path.chmod(0o755)

    def told_to_let_in() -> bool:
        said = " ".join(check(world.settings).problems)
        return "let this user write" in said and "damaged" not in said

    found = is_so_for_others(told_to_let_in)
    world.settings.data_dir.chmod(0o755)
    assert found


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    assert "matcher import" in check(Settings(data_dir=tmp_path / "none", model="hashing")).problems[0]
