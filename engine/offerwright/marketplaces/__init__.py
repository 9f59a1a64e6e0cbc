"""What each marketplace wants: manifests, payload mappings, limits; offers → payload bytes."""
