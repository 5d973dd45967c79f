"""Where the index lies: SQLite holds the truth, Chroma the vectors, tantivy the words."""
