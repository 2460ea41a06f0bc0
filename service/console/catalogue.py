"""The catalogue of what pages say. ``python -m service.console.catalogue`` writes the English one anew."""

from __future__ import annotations

import io
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from service.console.language import FOLDER, SOURCE

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

_HERE: Final = Path(__file__).parent
_METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
_OPTIONS: Final = {"templates/**.html": {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}}
_KEYWORDS: Final = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_HEADER: Final = "# Words of the console, PROJECT.\n# Apache-2.0, as the rest of it."


def catalogue() -> Catalog:
    """Collect every message: of templates and modules, and the closed lists whose values pages show."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_dir

    made = Catalog(SOURCE, "console", _HEADER, "Partner matcher", charset="utf-8", fuzzy=False)
    found = extract_from_dir(_HERE, _METHODS, _OPTIONS, keywords=_KEYWORDS)
    for place, _, message, notes, context in sorted(found, key=lambda one: (one[0], one[1])):
        made.add(message, string=_same(message), locations=[(place, 0)], auto_comments=notes, context=context)
    for message in sorted(closed_lists()):
        made.add(message, string=message, auto_comments=["a value of a closed list, or a field's name"])
    return made


def closed_lists() -> set[str]:
    """Return the values and field names that pages show as they are in the vocabulary."""
    from matcher import followup, outcomes, vocabulary, wording
    from matcher.followup import ChangeCause, ChangeKind, RuleScope, RuleState
    from matcher.profiles import KINDS
    from service.accounts.audit import Action
    from service.accounts.roles import Role
    from service.console.spelling import plain
    from service.console.views import label

    lists = (*vars(vocabulary).values(), *vars(followup).values())
    kinds = (one for one in lists if isinstance(one, type) and issubclass(one, StrEnum))
    values = {plain(value) for kind in kinds for value in kind}
    fields = {label(name) for profile in KINDS.values() for name in profile.model_fields}
    values |= {plain(value) for kind in (Role, Action, RuleScope, RuleState, ChangeKind, ChangeCause) for value in kind}
    values |= set(outcomes.NEXT.values()) | set(KINDS) | {"queued", "running", "done", "failed"}
    return values | fields | set(wording.SIGNAL_NAMES.values()) | {plain(sector) for sector in vocabulary.SECTORS}


def written(found: Catalog) -> str:
    """Write a catalogue without dates, so that the same messages give the same file."""
    from babel.messages.pofile import write_po

    sink = io.BytesIO()
    write_po(sink, found, width=120, sort_output=False, omit_header=False, include_lineno=False)
    kept = (line for line in sink.getvalue().decode().splitlines() if not _dated(line))
    return "\n".join(kept) + "\n"


def main() -> None:
    """Write the English catalogue."""
    (FOLDER / f"{SOURCE}.po").write_text(written(catalogue()), encoding="utf-8")


def _same(message: str | tuple[str, ...]) -> str | tuple[str, ...]:
    return message


def _dated(line: str) -> bool:
    return line.startswith(
        ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator', '"Language-Team')
    )


if __name__ == "__main__":
    main()
