"""From a question to its evidence: search, fuse, rank sentences, choose windows of them."""
