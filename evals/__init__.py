"""Measures answers against question sets."""
