"""Whose addresses become link cards: the only list of them. Nothing is ever fetched from a provider."""

from __future__ import annotations

from urllib.parse import urlsplit

PROVIDERS = {
    "bsky.app": "Bluesky",
    "codepen.io": "CodePen",
    "datawrapper.de": "Datawrapper",
    "documentcloud.org": "DocumentCloud",
    "dwcdn.net": "Datawrapper",
    "facebook.com": "Facebook",
    "flickr.com": "Flickr",
    "flourish.studio": "Flourish",
    "github.com": "GitHub",
    "instagram.com": "Instagram",
    "linkedin.com": "LinkedIn",
    "mastodon.social": "Mastodon",
    "music.apple.com": "Apple Music",
    "openstreetmap.org": "OpenStreetMap",
    "podcasts.apple.com": "Apple Podcasts",
    "reddit.com": "Reddit",
    "soundcloud.com": "SoundCloud",
    "spotify.com": "Spotify",
    "threads.net": "Threads",
    "tiktok.com": "TikTok",
    "twitch.tv": "Twitch",
    "twitter.com": "X",
    "vimeo.com": "Vimeo",
    "x.com": "X",
    "youtu.be": "YouTube",
    "youtube-nocookie.com": "YouTube",
    "youtube.com": "YouTube",
}
"""Domain → name. A domain stands for its subdomains, too."""


def provider_of(address: str) -> str | None:
    """The provider of an address; None of anybody else's, and of one that hides where it leads."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
        plain = parts.scheme in {"http", "https"} and parts.port is None and "@" not in parts.netloc
    except ValueError:
        return None
    labels = host.split(".")
    domains = (".".join(labels[at:]) for at in range(len(labels)))
    return next((PROVIDERS[each] for each in domains if each in PROVIDERS), None) if plain else None
