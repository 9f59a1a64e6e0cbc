"""Text of the rule language → typed syntax: expressions, cells of `when`, templates."""
