"""What would be otherwise: rules left out, facts set, what a rule wins."""
