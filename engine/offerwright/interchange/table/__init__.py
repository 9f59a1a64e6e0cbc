"""Tables of rules as spreadsheets: out as CSV, and back into the place where they are written."""
