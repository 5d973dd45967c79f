"""Articles that people bring through the page."""
