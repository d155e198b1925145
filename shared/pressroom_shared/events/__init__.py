"""Event contracts: CloudEvents 1.0 in JSON. This package imports nothing but pydantic and the standard library.

The models are the contract. Their JSON Schemas and golden examples are committed snapshots, and a test refuses a
change that is not backward compatible. Consumers ignore unknown fields; a breaking change is a new `.v2` type.
"""

from pressroom_shared.events.article import (
    Announcement,
    Article,
    ArticlePublished,
    ArticleUnpublished,
    Change,
    Correction,
    LeadImage,
    Media,
    Person,
    Review,
    Seo,
    Social,
    Tag,
    Withdrawal,
)
from pressroom_shared.events.envelope import EVENT_BYTES_MAX, Event, decode, event_types
from pressroom_shared.events.fronts import Front, FrontChanged
from pressroom_shared.events.outcome import NotifyCounts, Outcome, OutcomeReported, Status
from pressroom_shared.events.preview import ArticlePreviewed, Preview
from pressroom_shared.events.taxonomy import AuthorChanged, AuthorProfile, ProfileLink, TagChanged, TagProfile

__all__ = [
    "EVENT_BYTES_MAX",
    "Announcement",
    "Article",
    "ArticlePreviewed",
    "ArticlePublished",
    "ArticleUnpublished",
    "AuthorChanged",
    "AuthorProfile",
    "Change",
    "Correction",
    "Event",
    "Front",
    "FrontChanged",
    "LeadImage",
    "Media",
    "NotifyCounts",
    "Outcome",
    "OutcomeReported",
    "Person",
    "Preview",
    "ProfileLink",
    "Review",
    "Seo",
    "Social",
    "Status",
    "Tag",
    "TagChanged",
    "TagProfile",
    "Withdrawal",
    "decode",
    "event_types",
]
