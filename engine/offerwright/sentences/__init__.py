"""Every rule of a repository as a sentence in plain words, in the reader's language."""
