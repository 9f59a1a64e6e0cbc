"""Orders → routing decisions: which node ships what, in which parcel, and why."""
