"""Model files, found or fetched and verified, and the embedder that runs them."""
