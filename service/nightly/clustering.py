"""The night's clusters of needs, with the ids of the release that is served."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from matcher import clusters
from service.progress import Watched
from service.releases import Draft, ReleaseError, current_release

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from embeddings.lexical import Lexical
    from matcher.clusters import Clustering

_log = structlog.get_logger(__name__)


def cluster(draft: Draft, encoder: "Encoder", offers: "Lexical", releases_dir: Path) -> dict[str, Any]:
    """Cluster the draft's needs and write them to it; returns what the log tells.

    Only the ids depend on the release before: without one, or with one that cannot be read, every cluster is new.
    """
    name, earlier = _before(releases_dir)
    needs = Watched(draft.records("needs"), "clustering needs")
    found = replace(clusters.of_needs(needs, encoder, offers, earlier), earlier=name)
    draft.write_clusters(found)
    return {"clusters": len(found.clusters), "alone": found.alone, "unread": found.unread}


def _before(releases_dir: Path) -> "tuple[str | None, Clustering | None]":
    """Return the served release and its clusters; nothing where there are none, or none that can be read."""
    try:
        release = current_release(releases_dir)
        found = release.clusters
    except ReleaseError as error:
        _log.info("no earlier clusters", reason=str(error))
        return None, None
    return (None, None) if found is None else (release.id, found)
