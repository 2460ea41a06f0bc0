"""Turns texts into vectors and terms, and finds the nearest rows. Has never heard of a Need."""
