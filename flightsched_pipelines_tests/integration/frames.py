"""Frames of rows of tables, compared."""

import pandas as pd


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in an order that all their columns give: a table has none, and vacuum changes how it is read."""
    return rows.sort_values(list(rows.columns), key=lambda column: column.astype(str), ignore_index=True)
