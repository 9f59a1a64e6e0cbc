"""Local marketplaces on loopback: real HTTP, state, limits, late answers and faults by a script."""
