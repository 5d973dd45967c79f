"""Understanding a question: its dates, what it continues, its parts. Asks no store, no model."""
