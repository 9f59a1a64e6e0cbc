"""Documents → a linked, typed rule set → one plan per account."""
