"""Ingest: the editors' API. Owns articles, and is the only writer of article events."""
