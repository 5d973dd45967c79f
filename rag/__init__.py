"""Question to answer: finding, choosing evidence, writing, checking. Writes no store."""
