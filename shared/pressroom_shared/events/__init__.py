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
    LiveEntry,
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
from pressroom_shared.events.keys import ApiKey, KeyRing, KeysChanged
from pressroom_shared.events.operations import (
    INVENTORY_ITEMS_MAX,
    Inventory,
    InventoryItem,
    InventoryReported,
    InventoryRequest,
    InventoryRequested,
    ReplayRequest,
    ReplayRequested,
    content_hash,
)
from pressroom_shared.events.outcome import NotifyCounts, Outcome, OutcomeReported, Status
from pressroom_shared.events.preview import ArticlePreviewed, Preview
from pressroom_shared.events.taxonomy import AuthorChanged, AuthorProfile, ProfileLink, TagChanged, TagProfile

__all__ = [
    "EVENT_BYTES_MAX",
    "INVENTORY_ITEMS_MAX",
    "Announcement",
    "ApiKey",
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
    "Inventory",
    "InventoryItem",
    "InventoryReported",
    "InventoryRequest",
    "InventoryRequested",
    "KeyRing",
    "KeysChanged",
    "LeadImage",
    "LiveEntry",
    "Media",
    "NotifyCounts",
    "Outcome",
    "OutcomeReported",
    "Person",
    "Preview",
    "ProfileLink",
    "ReplayRequest",
    "ReplayRequested",
    "Review",
    "Seo",
    "Social",
    "Status",
    "Tag",
    "TagChanged",
    "TagProfile",
    "Withdrawal",
    "content_hash",
    "decode",
    "event_types",
]
