"""Tests of rules, written beside them: run by the product itself, compared, counted."""
