"""List the words known to contain nothing about wind, visibility, sky or weather, each kind with its reason.

Words that manuals and stations put between the elements belong here; remarks, whose words are open, do not (`remarks`).
"""

import re

_RUNWAY = r"R\d{2}[LCR]?"
_RANGE = r"[PM]?\d{4}(?:V[PM]?\d{4})?"
_COLOUR = r"(?:BLACK)?(?:BLU|WHT|GRN|YLO[12]?|AMB|RED)\+?"

FOOTERS: tuple[str, ...] = (
    r"LAST NO AMDS AFT \d{4,6}(?: NEXT \d{4,6})?",
    r"NO AMDS AFT \d{4,6}",
    r"NIL AMD",
    r"AMD NOT SKED(?: (?:AFT|TIL) \d{4,6}Z?| \d{4}/\d{4})?",
    r"AMD LTD TO CLD(?: AND|,)? VIS(?: AND|,)? WIND",
    r"(?:NXT|NEXT) FCST BY \d{2,6}Z?",
    r"(?:AUTOMATED SENSOR|LIMITED) METWATCH \d{4} TIL \d{4}",
    r"(?:AMD|COR) \d{4}",
)
"""Phrases about a TAF's amendment or replacement (NWSI 10-813, AIM 7-1-28, AFMAN 15-124), several words each."""

_KINDS: tuple[tuple[str, str], ...] = (
    ("how the report was made", r"AUTO|COR|CC[A-Z]|AMD|RTD|A[O0][12]A?|NOSIG|FN\d{5}"),
    ("when the forecast is amended or made anew", "|".join(FOOTERS)),
    ("the station asks for maintenance", r"\$"),
    ("pressure", r"[AQ]\d{4}|[AQ]/{4}|QNH\d{4}(?:INS)?|QF[EF]\d{3,4}|SLP(?:\d{3}|NO)"),
    ("a temperature that is not given", r"M|M?\d{2}/(?://|XX|MM)|///M?\d{2}|/{5}|XX/XX|MM/MM"),
    ("a temperature to come", r"T[XN]?M?\d{2}/\d{2,4}Z?"),
    ("visual range of a runway", rf"{_RUNWAY}/{_RANGE}(?:FT)?(?:/?[UDN])?|{_RUNWAY}/{{5}}(?:FT)?(?:/?[UDN/])?|RVRNO"),
    ("state of a runway", rf"{_RUNWAY}/(?:[\d/]{{6}}|CLRD(?:\d{{2}}|//)|SNOCLO)|(?=.*//)\d{{2}}[\d/]{{6}}|R?/?SNOCLO"),
    ("state of the sea", r"W(?:M?\d{2}|//)/(?:S[\d/]|H\d{1,3})"),
    ("military colour state", rf"{_COLOUR}(?:/?{_COLOUR})*"),
    ("turbulence, which no minimum limits", r"5\d{5}"),
    ("an icing layer of no icing, or of a trace", r"60\d{4}"),
)
_FORMS = tuple((why, re.compile(pattern)) for why, pattern in _KINDS)


def why_harmless(word: str) -> str | None:
    """Return why a word, or a phrase of several, may be passed over; ``None`` if it is not known to be harmless."""
    return next((why for why, form in _FORMS if form.fullmatch(word)), None)
