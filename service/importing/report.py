"""What an import did, for a person and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

from matcher.wording import many
from service.intake import CODES


@dataclass(frozen=True, slots=True)
class KindCounts:
    """Records of one kind. ``refreshed``: nothing new but a later ``updated_at``."""

    created: int = 0
    updated: int = 0
    refreshed: int = 0
    unchanged: int = 0

    def __add__(self, other: KindCounts) -> KindCounts:
        return KindCounts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: records written by kind, and what was refused."""

    file: str
    kinds: dict[str, KindCounts]
    records_refused: int  # rows, sheets or files that gave no record
    values_refused: int  # values left out of records that were taken over
    notes: int  # columns and sheets nobody reads, readings worth a look
    codes: dict[str, int]  # code of a reject -> how many


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The object of ``matcher import --json``. After a dry run it says what would have been done."""

    dry_run: bool
    files: tuple[FileReport, ...]
    total: KindCounts
    records_refused: int
    values_refused: int
    codes: dict[str, int]
    dangling_organisations: int  # referred to by records of the store, or of the tenant stated, and described by none
    seconds: float


def summed(files: tuple[FileReport, ...], dangling: int, *, dry_run: bool, seconds: float) -> ImportReport:
    """Add the files up."""
    codes: Counter[str] = Counter()
    for file in files:
        codes.update(file.codes)
    return ImportReport(
        dry_run=dry_run,
        files=files,
        total=sum((counts for file in files for counts in file.kinds.values()), KindCounts()),
        records_refused=sum(file.records_refused for file in files),
        values_refused=sum(file.values_refused for file in files),
        codes=dict(codes.most_common()),
        dangling_organisations=dangling,
        seconds=round(seconds, 3),
    )


def describe(report: ImportReport) -> Iterator[str]:
    """Yield the report as lines of text."""
    for file in report.files:
        for kind, counts in file.kinds.items():
            said = ", ".join(f"{getattr(counts, f.name)} {f.name}" for f in fields(counts))
            yield f"{file.file}: {kind}: {said}"
        if file.records_refused or file.values_refused:
            codes = ", ".join(f"{code} {count}" for code, count in file.codes.items())
            lost = f"{many(file.records_refused, 'record')}, {many(file.values_refused, 'value')}"
            yield f"{file.file}: refused {lost} ({codes})"
        elif not file.kinds:
            yield f"{file.file}: no records"
        if file.codes and not file.kinds:  # a slip that the whole file shares, such as a kind that nobody said
            commonest = next(iter(file.codes))
            if commonest in CODES:
                expected, fix = CODES[commonest]
                yield f"{file.file}: {commonest}: expected {expected}; {fix}"
    if report.dangling_organisations:
        yield f"organisations referred to and not described yet: {report.dangling_organisations}"
    if report.dry_run:
        yield "dry run: nothing was written"
