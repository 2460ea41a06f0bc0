"""From files into the store: read, spool, write whole or not at all, report."""

from service.importing.report import FileReport, ImportReport, KindCounts, describe
from service.importing.running import Order, import_files, run_import

__all__ = ["FileReport", "ImportReport", "KindCounts", "Order", "describe", "import_files", "run_import"]
