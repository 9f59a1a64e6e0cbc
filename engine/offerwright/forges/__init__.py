"""The review as one comment of a pull request: GitHub and GitLab behind one small interface."""
