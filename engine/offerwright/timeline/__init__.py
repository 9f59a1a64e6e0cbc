"""What changes by itself, when, and what that does to offers."""
