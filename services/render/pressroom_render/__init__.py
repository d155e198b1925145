"""Render: pages, fronts, feeds, and social cards, written as files that a web server serves."""
