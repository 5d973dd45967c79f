"""Conversations, which the browser keeps: their form there, and the list that opens them."""
