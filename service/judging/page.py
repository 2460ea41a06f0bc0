"""The report of ``matcher evaluate --report``: one page as HTML and as Markdown, and its pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from service.judging import parts
from service.releases.files import replacing

if TYPE_CHECKING:
    from service.judging.reports import EvaluationReport

TEMPLATES: Final = Path(__file__).parent / "templates"


def write_report(report: EvaluationReport, folder: Path) -> Path:
    """Write report.html (pictures inside), report.md and its pictures as .svg; return the HTML's path.

    Files of these names are replaced, each whole; others in the folder stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = parts.page_of(report)
    for part in page.parts:
        if part.picture:
            _write(folder / f"{part.name}.svg", f"{part.picture}\n")
    for name in ("report.html", "report.md"):
        _write(folder / name, _filled(name, report=report, page=page))
    return folder / "report.html"


def _filled(template: str, **values: Any) -> str:
    """Fill a template; a name that is not given is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return made.get_template(template).render(**values)


def _write(path: Path, text: str) -> None:
    with replacing(path) as sink:
        sink.write(text.encode())
