"""Tables of frames, as the Dagster UI shows them."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

Metadata = Mapping[str, int | float | str | dg.MetadataValue]


def metadata_table(frame: pd.DataFrame, columns: list[str] | None = None) -> dg.MetadataValue:
    """Return a frame as a table; times and other types that Dagster does not know become text."""
    shown = frame[columns] if columns else frame
    if shown.empty:
        return dg.MetadataValue.text("none")
    records = [
        dg.TableRecord({str(name): _cell(value) for name, value in row.items()}) for row in shown.to_dict("records")
    ]
    schema = dg.TableSchema([dg.TableColumn(name=str(name), type="string") for name in shown.columns])
    return dg.MetadataValue.table(records, schema=schema)


def _cell(value: object) -> str | int | float | bool:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}Z"
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return round(value, 1)
    return str(value)
