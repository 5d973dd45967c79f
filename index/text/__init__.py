"""Text to sentences, words and passages, and days as numbers."""
