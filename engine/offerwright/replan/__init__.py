"""A plan that was remembered + what has changed since → the same plan, computed where needed."""
