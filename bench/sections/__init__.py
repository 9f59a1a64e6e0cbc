"""The sections of RESULTS.md: a module each, with `section(setup) -> str`; run.py lists them."""
