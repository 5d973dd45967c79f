"""Articles to index: reading, cutting, embedding, storing."""
