"""The few words that a card says besides the article's own, by language."""

from __future__ import annotations

from pressroom_render.labels import FALLBACK, primary

WORDS = {
    "ar": {"breaking": "عاجل", "live": "مباشر", "correction": "تصويب"},
    "de": {"breaking": "Eilmeldung", "live": "Live", "correction": "Korrektur"},
    "en": {"breaking": "Breaking", "live": "Live", "correction": "Corrected"},
    "es": {"breaking": "Última hora", "live": "En directo", "correction": "Corregido"},
    "fr": {"breaking": "Dernière minute", "live": "En direct", "correction": "Corrigé"},
    "he": {"breaking": "מבזק", "live": "חי", "correction": "תיקון"},
    "hi": {"breaking": "ताज़ा ख़बर", "live": "लाइव", "correction": "सुधार"},
    "it": {"breaking": "Ultim’ora", "live": "In diretta", "correction": "Corretto"},
    "ja": {"breaking": "速報", "live": "ライブ", "correction": "訂正"},
    "ko": {"breaking": "속보", "live": "생중계", "correction": "정정"},
    "pt": {"breaking": "Última hora", "live": "Ao vivo", "correction": "Corrigido"},
    "th": {"breaking": "ข่าวด่วน", "live": "สด", "correction": "แก้ไข"},
    "zh": {"breaking": "快讯", "live": "直播", "correction": "更正"},
}


def word(layout: str, language: str) -> str:
    """The word for a layout, or nothing for one that needs none. An unknown language speaks English."""
    return WORDS.get(primary(language), WORDS[FALLBACK]).get(layout, "")
