"""What can be proved of tables without looking at a single product."""
