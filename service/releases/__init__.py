"""Releases: immutable folders that are written once, checked whole, and read by mapping them."""

from service.releases.check import broken_rules, damage
from service.releases.errors import BrokenRelease, NoRelease, ReleaseError
from service.releases.manifest import FORMAT, Manifest, RunFacts
from service.releases.parts import ShortlistHeader
from service.releases.publishing import Draft, keep_newest, publish, roll_back
from service.releases.reading import CurrentRelease, Release, ReverseEntry, current_release, published
from service.releases.records import RecordFile, RecordMap

__all__ = [
    "FORMAT",
    "BrokenRelease",
    "CurrentRelease",
    "Draft",
    "Manifest",
    "NoRelease",
    "RecordFile",
    "RecordMap",
    "Release",
    "ReleaseError",
    "ReverseEntry",
    "RunFacts",
    "ShortlistHeader",
    "broken_rules",
    "current_release",
    "damage",
    "keep_newest",
    "publish",
    "published",
    "roll_back",
]
