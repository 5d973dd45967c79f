"""Speed and memory against peers: each script prints a table and one ratio from one run."""
