"""Keeping the store: backups and restoring them, dumps, checks, and records that must vanish everywhere.

``backing`` and ``restoring`` work on one archive of everything; ``dumping`` on rows as text, between databases;
``erasing`` takes a record out of the store, its history, the releases and the caches.
"""
