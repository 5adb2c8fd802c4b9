"""Render a notice as one text message: 160 characters of the GSM 03.38 alphabet."""

import unicodedata

from flightsched_pipelines.domain.risk.breach_text import breach_brief
from flightsched_pipelines.formatting import format_time, plural
from flightsched_pipelines.messages import headlines
from flightsched_pipelines.messages.models import Notice

MAX_CHARACTERS = 160
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Characters that count as one; those that count as two (brackets, the euro sign) are left out."""

GSM_7_REPLACEMENTS = str.maketrans(
    {"–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "[": "(", "]": ")"}
)


def sms_text(notice: Notice) -> str:
    """Return reference, time, the event, and the link to answer if it fits."""
    lesson = notice.lesson
    start = format_time(lesson.starts_at_utc, lesson.time_zone)
    head = f"{lesson.reference} {start}: "
    if notice.event in {"opened", "updated"} and not notice.standby:
        matter = headlines.HEADLINES[notice.event]
        others, kept = headlines.other_times(notice.offers), headlines.kept_slots(notice.offers)
        offers = plural(len(others), "other time") if others else "No other time yet"
        if kept:
            offers += f"{' or' if others else ';'} a {' or '.join(offer.form for offer in kept)} lesson"
        why = f" ({breach_brief(notice.breaches[0])})" if notice.breaches else ""
        candidates = [f"{matter}{why}. {offers}", f"{matter}. {offers}", matter, matter.removeprefix("forecast ")]
    else:
        slots = [headlines.offer_brief(offer, lesson.time_zone) for offer in notice.offers]
        before = "; still open: " if notice.event in {"withdrawn", "hold_released"} else ": "
        candidates = [before.join([headlines.headline(notice), *filter(None, [", ".join(slots)])])]
    where = f". {notice.case_url}" if notice.case_url else ", see your email."
    tails = (where, ", see your email.", ".")
    texts = [to_gsm7(head + candidate + tail) for tail in tails for candidate in candidates]
    return next((text for text in texts if len(text) <= MAX_CHARACTERS), texts[-1][:MAX_CHARACTERS])


def to_gsm7(text: str) -> str:
    """Return text in the alphabet: accents that it lacks are removed, other unknown characters dropped."""
    found: list[str] = []
    for character in text.translate(GSM_7_REPLACEMENTS):
        if character in GSM_7:
            found.append(character)
        else:
            found += [part for part in unicodedata.normalize("NFKD", character) if part in GSM_7]
    return "".join(found)
