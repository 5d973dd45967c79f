"""Articles to index: reading, cutting, embedding, storing. Knows nothing of questions."""
