"""The closed lists of what follows a match: rules of a tenant, changes between releases, where news is put."""

from enum import StrEnum


class RuleScope(StrEnum):
    """What a hard rule of a tenant is about: its pairs stay off that tenant's lists."""

    PROVIDER = "provider"  # an organisation, by id
    NEED = "need"  # by id
    SECTOR = "sector"  # of the offer; a parent covers its children


class RuleState(StrEnum):
    """What became of a hard rule."""

    PROPOSED = "proposed"  # by dismissals that repeat; does nothing yet
    CONFIRMED = "confirmed"  # by a person; acts
    REJECTED = "rejected"  # by a person; not proposed again


class ChangeKind(StrEnum):
    """What became of a pair from one release to the next."""

    NEW = "new"  # on the list, and was not
    UP = "up"
    DOWN = "down"
    DROPPED = "dropped"  # was on the list, and is not
    NEWLY_ELIGIBLE = "newly_eligible"  # a hard gate kept it out before
    NO_LONGER_ELIGIBLE = "no_longer_eligible"  # a hard gate keeps it out now


class ChangeCause(StrEnum):
    """Why a pair changed: without it a new model looks like a thousand new matches."""

    DATA = "data"  # a record of the pair, or of those it is ranked among
    MODEL = "model"  # the text model or the weights
    RULE = "rule"  # gates, their treatment, list length, or the program that applies them


class Channel(StrEnum):
    """Where the news of a subscription is put; nothing is sent by itself."""

    FEED = "feed"
    WEBHOOK = "webhook"  # a file that holds the body of a call
    EMAIL = "email"  # a file that holds a message
