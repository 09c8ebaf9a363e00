"""The commands `limner generations …`: names and options. What they do stands in `cli_generations.py` and its neighbours."""

from typing import Annotated

import typer

from limner import cli_options as option
from limner.cli_failure import reported_failures

generations_app = typer.Typer(help="Calls and what became of them.", no_args_is_help=True)

_MOMENT = "a date, or an age such as 12h, 7d or 8w"


@generations_app.command("list")
def list_generations(
    *,
    state: Annotated[str | None, typer.Option(metavar="unknown", help="Only those in this state.")] = None,
    key: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this key.")] = None,
    model: Annotated[str | None, typer.Option(metavar="M", help="Only those that asked this model.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="7d", help=f"Only those claimed from then on: {_MOMENT}.")
    ] = None,
    before: Annotated[
        str | None, typer.Option(metavar="DATE", help=f"Only those claimed before: {_MOMENT}.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, the newest.")] = 50,
    json: option.Json = False,
) -> None:
    """List calls, the newest first; of unknown ones what Gemini said."""
    from limner import cli_generations  # noqa: PLC0415 - heavy

    choice = cli_generations.parse_choice(
        state=state, key_name=key, model=model, since=since, before=before, limit=limit
    )
    with reported_failures():
        cli_generations.show_all(choice, as_json=json)


@generations_app.command("show")
def show_generation(
    generation_id: Annotated[str, typer.Argument(metavar="ID", help="The generation, or its answer.")],
    *,
    json: option.Json = False,
) -> None:
    """Show one call in full, and what speaks for which decision on it."""
    from limner import cli_generation_show  # noqa: PLC0415 - heavy

    with reported_failures():
        cli_generation_show.show(generation_id, as_json=json)


@generations_app.command("resolve")
def resolve_generations(
    generation_id: Annotated[str | None, typer.Argument(metavar="ID", help="The generation.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All with an unknown outcome.")] = False,
    before: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="With --all: those that ended before; a date, or an age: 3d."),
    ] = None,
    post: Annotated[bool, typer.Option("--post", help="The reserved money is spent.")] = False,
    void: Annotated[bool, typer.Option("--void", help="The reserved money is given back.")] = False,
) -> None:
    """Decide what becomes of the money of an unknown outcome."""
    from limner import cli_generation_decide  # noqa: PLC0415 - heavy

    decision = cli_generation_decide.parse_decision(
        generation_id, is_all=every, before=before, is_posted=post, is_voided=void
    )
    with reported_failures():
        cli_generation_decide.decide(decision)
