"""The program that a person starts: the command `broadsheet`, and the page served."""
