"""Decides which capabilities answer which needs, and why. Pure: no files, network, clock or database."""
