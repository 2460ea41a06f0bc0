"""The stable interface changes only on purpose."""

import ast
from pathlib import Path

import pytest

from tests.surface import CONTRACT, commands, options, written

ROOT = Path(__file__).parent.parent


def test_commands_options_and_settings_are_those_of_the_contract() -> None:
    assert CONTRACT.read_text(encoding="utf-8") == written(), "wanted? then: python -m tests.surface, and CHANGELOG.md"


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=[name for name, _ in commands()])
def test_every_command_and_every_option_says_what_it_is_for(name: str, command: object) -> None:
    assert len(getattr(command, "help", "") or "") > 30, name
    silent = [option.opts for option in options(command) if not option.help]
    assert not silent


def _modules_with_a_list() -> list[Path]:
    paths = [path for part in ("matcher", "embeddings", "service") for path in (ROOT / part).rglob("*.py")]
    return [path for path in paths if "__all__" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", _modules_with_a_list(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_offers_what_its_list_says_and_nothing_else(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    listed: set[str] = set()
    bound: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            if "__all__" in names and node.value is not None:
                listed = set(ast.literal_eval(node.value))
            bound |= names - {"__all__"}
    assert listed <= bound
    if path.name == "__init__.py":
        assert {name for name in bound if not name.startswith("_")} - {"annotations"} == listed
