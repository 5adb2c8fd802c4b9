"""The frames of a world as Parquet, for the contenders that have columns of their own: NaN is null, times are UTC."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from benchmarks.risk.data import BOOKINGS, FORECASTS, FRAMES, World


def write_tables(world: World, folder: Path) -> None:
    """Write a Parquet file a frame."""
    chosen = {"bookings": BOOKINGS, "forecasts": FORECASTS}
    for name in FRAMES:
        frame: pd.DataFrame = getattr(world, name)
        columns = {column: _column(frame[column]) for column in chosen.get(name, tuple(frame.columns))}
        pl.DataFrame(columns).write_parquet(folder / f"{name}.parquet")


def read_tables(folder: Path) -> dict[str, pl.DataFrame]:
    """Return the tables of ``write_tables`` as Polars frames."""
    return {name: pl.read_parquet(folder / f"{name}.parquet") for name in FRAMES}


def _column(values: pd.Series) -> pl.Series:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return pl.Series(values.to_numpy(dtype="datetime64[us]"))
    if values.dtype == np.float64:
        return pl.Series(values.to_numpy(), nan_to_null=True)
    if values.dtype in (np.int64, np.bool_):
        return pl.Series(values.to_numpy())
    return pl.Series([_value(value) for value in values.tolist()])


def _value(value: object) -> object:
    return value if isinstance(value, list) or not pd.isna(value) else None
