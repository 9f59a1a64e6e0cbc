"""Whole catalogues beside each other: the state of all offers in 32 bytes each, what differs."""
