"""The layout of a YAML file: where it indents, and how it spaces; never what it says."""
