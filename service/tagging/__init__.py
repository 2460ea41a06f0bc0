"""SDG and sector suggestions around ``matcher.tagging``: reference texts, files in and out, judging, fitting."""

from service.tagging.judging import SdgFigures, judge_file, per_goal_f1
from service.tagging.loading import load_tagger
from service.tagging.running import Gathered, TagFiles, TagReport, check_any, documents_of, gather, report, tag, write

__all__ = [
    "Gathered",
    "SdgFigures",
    "TagFiles",
    "TagReport",
    "check_any",
    "documents_of",
    "gather",
    "judge_file",
    "load_tagger",
    "per_goal_f1",
    "report",
    "tag",
    "write",
]
