"""What became of matches: events of pairs, what was shown, dismissals and rules, the pipeline, changes, reports.

The state of a pair is never kept: it is the fold of its events (``matcher.outcomes``).
"""
