"""What the README says is true: every command, option of weight and setting is there, and nothing that is not."""

import re
import shlex
from pathlib import Path

import pytest

from tests.surface import commands, options, variables

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> str:
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL))


def _told() -> list[list[str]]:
    """Return every ``matcher`` command line of the README, words split as a shell would."""
    lines = _blocks("sh").replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.startswith("matcher ")]


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_its_row(name: str) -> None:
    assert re.search(rf"^\| `matcher {name}\b[^|]*\| \S", README, re.MULTILINE)


@pytest.mark.parametrize("variable", variables())
def test_every_setting_has_its_row(variable: str) -> None:
    assert re.search(rf"^\| `{variable}` \|", README, re.MULTILINE)


def test_no_setting_is_described_that_does_not_exist() -> None:
    assert set(re.findall(r"MATCHER_[A-Z_]+", README)) <= set(variables())


@pytest.mark.parametrize("words", _told(), ids=" ".join)
def test_every_command_line_of_the_readme_is_one_the_program_takes(words: list[str]) -> None:
    known = dict(commands())
    name = next((n for n in (" ".join(words[1:3]), words[1]) if n in known), None)
    assert name is not None, f"no such command: {' '.join(words[:3])}"
    taken = {spelling for option in options(known[name]) for spelling in (*option.opts, *option.secondary_opts)}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= taken


def test_files_that_the_readme_names_exist() -> None:
    named = set(re.findall(r"\b(?:data|tests|matcher|embeddings|service)/[\w./-]+\.\w+", README))
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?\bmake ([a-z]+)\b(?=`|    )", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_changelog_speaks_of_the_version_we_are() -> None:
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
