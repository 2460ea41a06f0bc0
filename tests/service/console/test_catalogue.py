"""Everything a page says can be translated."""

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment, nodes

from service.console.catalogue import catalogue, written
from service.console.language import FOLDER, SOURCE
from service.console.rendering import FOLDER as TEMPLATES
from service.console.rendering import environment

NAMES = sorted(path.name for path in TEMPLATES.glob("*.html"))
_SAID = frozenset({"aria-label", "title", "placeholder", "alt", "data-label", "data-news", "data-copy", "data-copied"})
_SAMPLES = frozenset({"matcher", "pm_"})  # not words: names of commands and keys, shown as they are typed
_EXPRESSION = "\N{OBJECT REPLACEMENT CHARACTER}"


class _Visible(HTMLParser):
    """Collects what a reader sees or hears: text outside scripts, and attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found += [value or "" for name, value in attrs if name in _SAID]


def _untranslated(source: str, env: Environment) -> set[str]:
    """Return the words of a template that a reader sees or hears and that no message holds."""
    tree = env.parse(source)
    text = "".join(
        part.data if isinstance(part, nodes.TemplateData) else " ".join(_constants(part)) or _EXPRESSION
        for output in tree.find_all(nodes.Output)
        for part in output.nodes
    )
    seen = _Visible()
    seen.feed(text)
    return {word.strip() for word in seen.found if re.search(r"[^\W\d_]", word)} - _SAMPLES


def _constants(node: nodes.Node) -> Iterator[str]:
    """Yield the constants an expression may come out as; those a function is given are the function's business."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, nodes.CondExpr):
        for part in (node.expr1, node.expr2):
            if part is not None:
                yield from _constants(part)
    if isinstance(node, nodes.Or | nodes.Add | nodes.Concat | nodes.And):
        for child in node.iter_child_nodes():
            yield from _constants(child)


@pytest.mark.parametrize("name", NAMES)
def test_no_template_says_anything_outside_the_catalogue(name: str) -> None:
    assert _untranslated((TEMPLATES / name).read_text(), environment(SOURCE)) == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello</p>", {"Hello"}),
        ('<p title="Hello">{{ _("x") }}</p>', {"Hello"}),
        ('<p>{{ "Hello" if x else _("x") }}</p>', {"Hello"}),
        ('<p>{{ x or "Hello there" }}</p>', {"Hello there"}),
        ('<p class="hello">{{ _("Hello") }} · {{ x }} %</p>', set()),
        ('<p class="{{ "big" if x else "small" }}">{{ x }}</p>', set()),
        ("<p>{% trans %}Hello{% endtrans %}</p>", set()),
    ],
)
def test_the_search_for_such_words_finds_them(source: str, found: set[str]) -> None:
    assert _untranslated(source, environment(SOURCE)) == found


@pytest.fixture(scope="module")
def collected() -> Catalog:
    return catalogue()


def test_the_english_catalogue_holds_what_is_said_now(collected: Catalog) -> None:
    """If not: python -m service.console.catalogue."""
    assert (FOLDER / f"{SOURCE}.po").read_text(encoding="utf-8") == written(collected)


def test_every_other_catalogue_translates_nothing_that_is_no_longer_said(collected: Catalog) -> None:
    from babel.messages.pofile import read_po

    ours = {message.id for message in collected}
    for path in FOLDER.glob("*.po"):
        with path.open("rb") as source:
            assert {message.id for message in read_po(source)} <= ours, path.name


def test_a_translation_is_what_a_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A language is a file more: nothing else knows which languages there are."""
    from babel.messages.pofile import write_po

    from service.console import language as module

    made = Catalog("ar", charset="utf-8")
    made.add("Needs", "الاحتياجات")
    sink = io.BytesIO()
    write_po(sink, made)
    (tmp_path / "ar.po").write_bytes(sink.getvalue())
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    for one in (module.languages, module._words, module.language):
        one.cache_clear()
    try:
        spoken = module.choose("ar-EG, en;q=0.5")
        assert (spoken.direction, spoken.tag, spoken.words.gettext("Needs")) == ("rtl", "ar-EG", "الاحتياجات")
    finally:
        for one in (module.languages, module._words, module.language):
            one.cache_clear()


def test_what_the_matcher_writes_is_marked_as_english_on_a_page_of_another_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from babel.messages.pofile import write_po

    from service.console import language as module
    from service.console import rendering

    english = environment(SOURCE).get_template("card.html").module.fixes  # type: ignore[attr-defined]
    assert "<span>needs TRL 6</span>" in english([{"gate": "maturity", "fix": "needs TRL 6"}])
    made = Catalog("ar", charset="utf-8")
    made.add("Ask first", "اسأل أولا")
    sink = io.BytesIO()
    write_po(sink, made)
    (tmp_path / "ar.po").write_bytes(sink.getvalue())
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    caches = (module.languages, module._words, module.language, rendering.environment)
    for one in caches:
        one.cache_clear()
    try:
        arabic = rendering.environment("ar").get_template("card.html").module.fixes  # type: ignore[attr-defined]
        said = arabic([{"gate": "maturity", "fix": "needs TRL 6"}])
        assert '<span lang="en" dir="ltr">needs TRL 6</span>' in said
    finally:
        for one in caches:
            one.cache_clear()
