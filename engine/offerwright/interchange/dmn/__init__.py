"""DMN files: read, turned into decision documents, tried on test cases."""
