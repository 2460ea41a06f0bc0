"""The quality ledger: every collection at hand ranked, judged beside three baselines, and written down."""
