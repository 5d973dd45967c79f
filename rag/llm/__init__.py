"""Language models: loading, running and judging them."""
