"""YAML and CSV text → located data → documents; and documents → JSON Schemas for editors."""
