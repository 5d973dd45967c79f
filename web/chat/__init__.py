"""Asking on the page: a question, its answer with its sources, and what can be done with it."""
