"""Words of reports: each is understood, or harmless, or makes missing the elements it may have named."""

from collections.abc import Sequence
from typing import Any

import pytest

from flightsched_pipelines.domain.weather.conditions import Conditions, ForecastGroup, UnreadWord
from flightsched_pipelines.domain.weather.reports.metar import read_metar
from flightsched_pipelines.domain.weather.reports.taf import read_taf
from flightsched_pipelines.domain.weather.reports.words.meanings import Harmless, Understood, Unread, read_word
from flightsched_pipelines_tests.unit.domain.weather.builders import at, fair, group, hour, metar, taf


def read_text(words: str, remarks: str = "AO2", **fields: Any) -> Conditions:
    """Return a METAR of this body; its decoded fields lack the content of the words."""
    bare = {"wdir": None, "wspd": None, "visib": None, "clouds": [], "cover": None}
    raw = f"METAR KXYZ 101153Z {words} 20/08 A3000 RMK {remarks}"
    return read_metar(metar(None) | bare | fields | {"rawOb": raw}).conditions


def read_tafs(words: str, *groups: dict[str, Any]) -> list[ForecastGroup]:
    """A TAF of this text from hour 0 to hour 24, with the decoded groups it is given."""
    return read_taf(taf(*groups, raw=f"TAF KXYZ 092330Z 1000/1024 {words}"))


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("24010KT 4SM +TSRX BKN030", {"weather"}),
        ("24010KT 4SM T SRA BKN030", {"weather"}),
        ("24010KT 4SM -FZR A BKN030", {"weather"}),
        ("24010KT 10SM FEW030 BKN0O8", {"ceiling"}),
        ("24010KT 10SM SCT100 BKN01", {"ceiling"}),
        ("24010KT 10SM FEW030 BK008", {"ceiling"}),
        ("24010KT 10SM FEW030 BKN03OC8", {"ceiling", "thunderstorm"}),
        ("2401OKT 10SM CLR", {"wind"}),
        ("24010GKT 10SM CLR", {"wind"}),
        ("24020G15KT 10SM CLR", {"wind"}),
        ("42010KT 10SM CLR", {"wind"}),
        ("24010KT 1OSM CLR", {"visibility"}),
        ("24010KT 3/5SM CLR", {"visibility"}),
        ("24010KT 10SM XYZZY CLR", {"wind", "visibility", "ceiling", "weather"}),
        ("24010KT 10SM METAR CLR", {"wind", "visibility", "ceiling", "weather"}),
        ("24010KTP6SM CLR", {"wind", "visibility", "ceiling", "weather"}),
        ("24010KT //// // //////", {"visibility", "weather", "ceiling"}),
        ("/////KT 10SM CLR", {"wind"}),
        ("24010KT 1/4SM FG VV///", {"ceiling"}),
        ("24010KT 10SM VA CLR", {"weather"}),
    ],
)
def test_what_is_not_understood_in_a_metar_makes_its_element_missing(words: str, missing: set[str]) -> None:
    assert missing <= read_text(words).missing


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("24010KT 10SM FEW030 BKN0O8", {"ceiling"}),
        ("24010KT 4SM +TSRX BKN030", {"weather"}),
        ("24O1OKT 10SM CLR", {"wind"}),
        ("24010KT 10MS CLR", {"visibility"}),
    ],
)
def test_no_other_element_is_missing_for_a_word_of_plain_shape(words: str, missing: set[str]) -> None:
    assert read_text(words).missing == missing


@pytest.mark.parametrize(
    ("words", "hazards"),
    [
        ("24010KT 4SM -VCTSRA BKN030", {"VCTS"}),
        ("24010KT 4SM RA/TSRA BKN030", {"TS"}),
        ("24010KT 4SM RATS BKN030", {"TS"}),
        ("24010KT 9999 //////CB", {"CB"}),
        ("24010KT 9999 //////TCU", {"TCU"}),
        ("24010KT 9999 BKN019///TCU", {"TCU"}),
        ("24010KT 9999 FEW///CB", {"CB"}),
        ("24010KT 9999 SCT030 WS R23", {"LLWS"}),
        ("24010KT 9999 SCT030 WS ALL RWY", {"LLWS"}),
        ("24010KT 10SM VCFC SCT030", {"FC"}),
        ("24010KT 1SM DS SCT030", {"DS"}),
        ("24010KT 5SM VCSS SCT030", {"SS"}),
        ("24010KT 5SM SHGS SCT030", {"GS"}),
    ],
)
def test_hazards_in_forms_that_manuals_do_not_allow(words: str, hazards: set[str]) -> None:
    assert hazards <= read_text(words).hazards


def test_a_ceiling_without_height_is_missing_whatever_the_fields_say() -> None:
    assert "ceiling" in read_text("24010KT 10SM VV///", cover="CLR", clouds=[{"cover": "CLR", "base": None}]).missing


def test_convection_of_unknown_height_leaves_the_ceiling_unknown() -> None:
    conditions = read_text("24010KT 9999 //////CB")

    assert (conditions.hazards, conditions.missing) == ({"CB"}, {"ceiling"})


@pytest.mark.parametrize(
    ("words", "miles"),
    [
        ("11/2SM", 1.5),
        ("1 1/2SM", 1.5),
        ("13/4SM", 1.75),
        ("3/4SM", 0.75),
        ("M1/4SM", 0.25),
        ("P6SM", 6),
        ("20SM", 20),
        ("20KM", 12.43),
        ("0300", 0.19),
        ("0000", 0),
        ("9999 4000SE", 2.49),
    ],
)
def test_visibility_in_every_form(words: str, miles: float) -> None:
    assert read_text(f"24010KT {words} CLR").visibility_sm == pytest.approx(miles, abs=0.01)


@pytest.mark.parametrize(
    ("remarks", "missing"),
    [
        ("AO2 TSNO", {"thunderstorm"}),
        ("TS/LTNG TEMPO UNAVBL", {"thunderstorm"}),
        ("LTNG DATA MISG", {"thunderstorm"}),
        ("AO2 TSN0 $", {"thunderstorm"}),
        ("AO2 TS NO", {"thunderstorm"}),
        ("AO2TSNO", {"thunderstorm"}),
        ("AO2 PWINO", {"weather"}),
        ("WX MISG", {"weather"}),
        ("CLD DATA MISG", {"ceiling"}),
        ("VIS MISG", {"visibility"}),
        ("AO2 FZRANO", set()),
        ("NIL", set()),
        ("AO2 SLPNO RVRNO PNO VISNO RWY24 CHINO RWY24 $", set()),
        ("TAF", {"wind", "visibility", "ceiling", "weather"}),
    ],
)
def test_what_remarks_say_of_sensors(remarks: str, missing: set[str]) -> None:
    assert read_text("24010KT 10SM CLR", remarks).missing == missing


def test_rain_that_may_freeze_is_unknown_while_its_sensor_is_out() -> None:
    raw = "METAR KXYZ 101153Z 24010KT 10SM CLR 01/M02 A3000 RMK AO2 FZRANO"

    assert "weather" in read_metar(metar(raw, temp=1, dewp=-2, clouds=[], cover="CLR")).conditions.missing


@pytest.mark.parametrize(
    ("remarks", "expected"),
    [
        ("CIG 006V018", {"ceiling_ft": 600}),
        ("BKN014 V OVC", {"ceiling_ft": 1400}),
        ("SCT014 V BKN", {"ceiling_ft": 1400}),
        ("CIG 002 RWY11", {"ceiling_ft": 200}),
        ("VIS 1V4", {"visibility_sm": 1}),
        ("VIS 3/4V1 1/2", {"visibility_sm": 0.75}),
        ("SFC VIS 1/2", {"visibility_sm": 0.5}),
        ("TWR VIS 1 1/2", {"visibility_sm": 1.5}),
        ("VIS NE 2 1/2", {"visibility_sm": 2.5}),
        ("VIS 2 RWY11", {"visibility_sm": 2}),
        ("GR 1 3/4", {"hazards": {"GR"}}),
        ("TORNADO B13 6 NE", {"hazards": {"+FC"}}),
        ("FUNNEL CLOUD B13 W", {"hazards": {"FC"}}),
        ("WATERSPOUT E25", {"hazards": {"+FC"}}),
        ("TORNDAO B13", {"hazards": {"+FC"}}),
        ("CB DSNT NW TCU S", {"hazards": set(), "ceiling_ft": 2000}),
    ],
)
def test_remarks_that_make_a_report_worse(remarks: str, expected: dict[str, Any]) -> None:
    conditions = read_text("24010KT 10SM BKN020", remarks)

    assert {name: getattr(conditions, name) for name in expected} == expected


@pytest.mark.parametrize("remarks", ["CIG 0O6V018", "CIG 06V018", "CIG 0 06V018"])
def test_a_varying_ceiling_that_cannot_be_read_is_missing(remarks: str) -> None:
    assert "ceiling" in read_text("24010KT 10SM BKN020", remarks).missing


@pytest.mark.parametrize("remarks", ["VIS /4V4", "VIS 3/4V", "VIS N 5I2"])
def test_a_varying_visibility_that_cannot_be_read_is_missing(remarks: str) -> None:
    assert "visibility" in read_text("24010KT 10SM BKN020", remarks).missing


def test_an_ident_that_looks_like_weather_is_none() -> None:
    raw = "METAR SASA 101153Z 24006KT 9999 SCT060 20/08 Q1012"

    assert read_metar(metar(raw) | {"icaoId": "SASA"}).conditions.weather == ""


@pytest.mark.parametrize(
    ("words", "missing", "hazards"),
    [
        ("PROB30 10I4/1018 1SM TSRA BKN010CB", set(), {"TS", "CB"}),
        ("PROB3O 1014/1018 1SM TSRA BKN010CB", set(), {"TS", "CB"}),
        ("FM106300 24010KT 1/2SM FG VV002", set(), {"FG"}),
        ("BECMG 1019/ 24010KT 1000 FG", set(), {"FG"}),
        ("TEMP0 1014/1018 1SM TSRA", set(), {"TS"}),
        ("TEM PO 1014/1018 1SM TSRA", set(), {"TS"}),
        ("1014/1018 1SM TSRA", set(), {"TS"}),
        ("F M101800 24010KT 1/2SM FG VV002", set(), {"FG"}),
    ],
)
def test_a_group_whose_opening_cannot_be_read_counts_to_the_end(
    words: str, missing: set[str], hazards: set[str]
) -> None:
    groups = read_tafs(f"24006KT P6SM FEW060 {words}")
    held = [one for one in groups if hazards <= one.conditions.hazards]

    assert held, groups
    since = hour(14) if " 1014/1018" in f" {words}" and "PROB30" not in words else hour(0)
    assert (min(one.from_utc for one in held), max(one.to_utc for one in held)) == (since, hour(24))
    assert all(missing <= one.conditions.missing for one in held)


def test_what_may_have_opened_a_group_leaves_nothing_of_its_own_group_known() -> None:
    base = next(one for one in read_tafs("24006KT P6SM FEW060 XYZZY 1SM TSRA") if one.change == "BASE")

    assert {"wind", "visibility", "ceiling", "weather"} <= base.conditions.missing


def test_a_time_that_a_scanner_misread_is_the_one_that_the_fields_give() -> None:
    prob = group(14, 18, "PROB", probability=30, visib=1, wxString="TSRA")
    groups = read_tafs("24006KT P6SM FEW060 PROB30 10I4/1018 1SM TSRA", fair(0, 24), prob)

    (found,) = [one for one in groups if one.layer == "temporary"]
    assert (found.from_utc, found.to_utc, found.conditions.hazards) == (hour(14), hour(18), {"TS"})
    assert len(groups) == 2


def test_a_time_that_the_fields_give_otherwise_is_not_settled_by_them() -> None:
    prob = group(4, 8, "PROB", probability=30, visib=1, wxString="TSRA")
    groups = read_tafs("24006KT P6SM FEW060 PROB30 10I4/1018 1SM TSRA", fair(0, 24), prob)

    held = [one for one in groups if "TS" in one.conditions.hazards]
    assert (min(one.from_utc for one in held), max(one.to_utc for one in held)) == (hour(0), hour(24))


def test_a_word_that_the_service_could_not_decode_counts_beside_one_that_it_could() -> None:
    (found,) = read_taf(taf(fair(0, 24, wxString="BR", notDecoded="+TSRAX")))

    assert "weather" in found.conditions.missing
    assert [str(word) for word in found.conditions.unread] == ["+TSRAX: weather missing"]


def test_a_word_that_the_service_could_not_decode_is_read_where_the_text_is_understood() -> None:
    raw = "TAF KXYZ 092330Z 1000/1024 24006KT P6SM FEW060 WSCONDS QNH2992INS"
    (found,) = read_taf(taf(fair(0, 24, notDecoded="WSCONDS QNH2992INS"), raw=raw))

    assert (found.conditions.hazards, found.conditions.missing) == ({"LLWS"}, set())


def test_shear_and_icing_in_military_forms() -> None:
    icing = [{"var": "ICE", "intensity": 5, "minAlt": 3000, "maxAlt": 7000}]

    assert read_tafs("24006KT 9999 FEW060 WSCONDS")[0].conditions.hazards == {"LLWS"}
    assert read_tafs("24006KT 9999 FEW060 650304")[0].conditions.hazards == {"ICE"}
    assert read_taf(taf(fair(0, 24, icgTurb=icing)))[0].conditions.hazards == {"ICE"}
    assert read_taf(taf(fair(0, 24, icgTurb=[{"var": "TURB"}])))[0].conditions.hazards == set()
    assert "weather" in read_taf(taf(fair(0, 24, icgTurb=[{"var": "???"}])))[0].conditions.missing
    assert read_tafs("24006KT 9999 FEW060 651203")[0].conditions.hazards == set(), "from 12,000 ft on"


@pytest.mark.parametrize(
    "footer",
    [
        "LAST NO AMDS AFT 1020 NEXT 1112",
        "LIMITED METWATCH 1020 TIL 1112",
        "AMD NOT SKED",
        "AMD NOT SKED AFT 101300Z",
        "AMD LTD TO CLD VIS AND WIND",
        "NIL AMD",
        "TX33/1020Z TNM02/1111Z QNH2992INS 520004",
        "RMK NXT FCST BY 06Z",
        "FN20012",
        "COR 0712",
    ],
)
def test_the_footer_of_a_taf_changes_nothing(footer: str) -> None:
    plain, footed = (read_tafs(f"24006KT P6SM SCT100{end}") for end in ("", f" {footer}"))

    assert [one.conditions for one in footed] == [one.conditions for one in plain]


def test_a_wind_that_changes_within_a_group_counts_at_its_worst() -> None:
    (found,) = read_tafs("16009KT 9999 SCT015 WND 17022G30KT AFT 1015")

    assert (found.conditions.wind_speed_kt, found.conditions.wind_gust_kt) == (22, 30)


def test_nil_in_remarks_does_not_empty_a_report() -> None:
    assert read_text("24010KT 10SM CLR", "NIL").missing == set()
    assert read_metar(metar("METAR KXYZ 101153Z NIL")).conditions.missing >= {"wind", "visibility", "ceiling"}


def test_a_layer_that_the_text_lost_may_have_been_cb() -> None:
    raw = "METAR KXYZ 101153Z 24010KT 10SM 20/08 A3000"

    assert read_metar(metar(raw)).conditions.missing == {"thunderstorm"}


def test_what_ended_a_change_in_one_account_alone_may_go_on() -> None:
    raw = "TAF KXYZ 092330Z 1000/1024 24020KT 2SM TSRA FEW060 BECMG 1004/1006 P6SM NSW"
    decoded = (fair(0, 24, wspd=20, visib=2, wxString="TSRA"), group(4, 24, "BECMG", timeBec=at(6), wspd=4, wdir=240))
    last = read_taf(taf(*decoded, raw=raw))[-1].conditions

    assert (last.wind_speed_kt, last.visibility_sm, last.hazards) == (20, 2, {"TS"})


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("24010KT", Understood),
        ("WS020/24045KT", Understood),
        ("R35L/1000V1200FT", Harmless),
        ("QNH3003INS", Harmless),
        ("RETSRA", Harmless),
        ("BLU+", Harmless),
        ("8849//91", Harmless),
        ("10141018", Unread),
        ("114/1018", Unread),
        ("TSXX", Unread),
        ("33SM", Unread),
        ("2401", Unread),
    ],
)
def test_a_word_is_one_of_three(word: str, kind: type) -> None:
    assert isinstance(read_word(word), kind)


def test_a_wind_that_varies_keeps_its_direction_and_names_the_sector() -> None:
    conditions = read_text("18012KT 120V240 10SM CLR")

    assert conditions.wind_direction_deg == 180
    assert (conditions.wind_varies_from_deg, conditions.wind_varies_to_deg) == (120, 240)


def test_each_unread_word_is_named_with_its_elements() -> None:
    unread: Sequence[str] = [str(word) for word in read_text("24010KT 10SM FEW030 BKN0O8 Q10123").unread]

    assert unread == ["BKN0O8: ceiling missing", "Q10123: nothing missing"]
    assert [str(UnreadWord.parse(word)) for word in unread] == unread
