"""The repository as pages to read: HTML without scripts, or Markdown; drawings included."""
