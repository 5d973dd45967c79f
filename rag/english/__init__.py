"""What is known of English: dates, names, numbers, and the kind of answer a question wants."""
