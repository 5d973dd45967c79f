"""Which sentence supports a statement, whether it does, and what another article says instead."""
