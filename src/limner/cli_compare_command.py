"""The command `limner compare`: names and options. What it does stands in `cli_compare.py`."""

from pathlib import Path
from typing import Annotated

import typer

from limner import cli_options as option
from limner.cli_failure import reported_failures

_File = Annotated[Path, typer.Argument(metavar="FILE.csv", help="The export.")]
_TimeColumn = Annotated[str, typer.Option(metavar="NAME", help="When it was used.")]
_ModelColumn = Annotated[str, typer.Option(metavar="NAME", help="The model, or a text that names it.")]
_CostColumn = Annotated[str | None, typer.Option(metavar="NAME", help="What it cost.")]
_TokensColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Tokens, in and out.")]
_IdColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Gemini's id of the answer.")]
_CredentialColumn = Annotated[
    str | None, typer.Option(metavar="NAME", help="What the credential is called; told apart then.")
]
_Timezone = Annotated[
    str, typer.Option(metavar="ZONE", help="Of the days, and of times that do not say theirs.")
]
_By = Annotated[str, typer.Option(metavar="day|month", help="What the sums are of.")]
_UnitsPerUsd = Annotated[
    str, typer.Option(metavar="X", help="How much of the export's currency a dollar is.")
]
_Only = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN=TEXT", help="Only rows with this; repeatable.")
]
_Name = Annotated[
    list[str] | None,
    typer.Option(metavar="TEXT=NAME", help="A model or credential of another name here; repeatable."),
]
_TolerancePercent = Annotated[
    float, typer.Option(min=0, max=100, metavar="P", help="What counts as equal, or a cent.")
]
_FirstDay = Annotated[str | None, typer.Option(metavar="DATE", help="Else the export's first.")]
_LastDay = Annotated[str | None, typer.Option(metavar="DATE", help="Else the export's last.")]


def compare(  # noqa: PLR0913 - each is an option
    file: _File,
    *,
    time_column: _TimeColumn,
    model_column: _ModelColumn,
    cost_column: _CostColumn = None,
    tokens_column: _TokensColumn = None,
    id_column: _IdColumn = None,
    credential_column: _CredentialColumn = None,
    timezone: _Timezone = "UTC",
    by: _By = "day",
    units_per_usd: _UnitsPerUsd = "1",
    only: _Only = None,
    name: _Name = None,
    tolerance_percent: _TolerancePercent = 1.0,
    first_day: _FirstDay = None,
    last_day: _LastDay = None,
    json: option.Json = False,
) -> None:
    """Compare the books with a usage or billing export: sums by model, and single answers where it has ids."""
    from limner import cli_compare  # noqa: PLC0415 - heavy
    from limner.cli_compare_file import Columns  # noqa: PLC0415 - heavy

    columns = Columns(time_column, model_column, cost_column, tokens_column, id_column, credential_column)
    terms = cli_compare.Terms(timezone, by, units_per_usd, tolerance_percent, first_day, last_day)
    order = cli_compare.parse_order(file, columns, terms, only=only or (), names=name or ())
    with reported_failures():
        cli_compare.run(order, as_json=json)
