"""What is wrong with documents together: shares, bounds, margins, facts that nobody uses."""
