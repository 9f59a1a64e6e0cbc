"""The last look at what is about to be said: verdicts on outputs, at plan and again at send."""
