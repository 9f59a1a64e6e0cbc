"""Every run on record: what it stood on, what it said, how to say it again and how to go back."""
