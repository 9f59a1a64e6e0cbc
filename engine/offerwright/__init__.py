"""Offerwright: marketplace rules in Git → exact, guarded, explainable payloads → synced."""

__version__ = "0.1.0"
