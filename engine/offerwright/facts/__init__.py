"""CSV and Parquet sources → one typed, content-addressed snapshot; bad rows with reasons."""
