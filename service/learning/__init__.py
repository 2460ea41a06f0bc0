"""From what brokers did with what they were shown to a scorer for the nights to come, if the gate lets it through."""

from service.learning.gathering import Evidence, gather
from service.learning.running import LearningReport, Weight, learn

__all__ = ["Evidence", "LearningReport", "Weight", "gather", "learn"]
