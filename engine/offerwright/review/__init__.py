"""What a change of the rules does to every offer: two states of a repository, compared."""
