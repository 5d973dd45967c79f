"""What is recorded of every question: log lines, spans, and whoever else observes them."""
