"""Language models: loading, running and judging them. Knows nothing of articles."""
