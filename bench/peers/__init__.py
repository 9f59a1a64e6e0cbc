"""The same rules as one would write them without the engine, and how outputs are compared."""
