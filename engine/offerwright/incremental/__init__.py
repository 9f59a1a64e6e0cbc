"""A run that was remembered + what has changed since → the same offers, computed where needed."""
