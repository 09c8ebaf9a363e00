"""The command line: names, options and exit codes. What a command does stands in `cli_*` and below.

Exit codes: 0 done, 1 failed with one line on stderr saying why, 2 wrong usage. Modules are imported by the
command that needs them, so that `--help` is quick.
"""

from typing import Annotated

import typer

from limner import __version__
from limner import cli_options as option
from limner.cli_compare_command import compare
from limner.cli_database_commands import database_app
from limner.cli_failure import CommandFailed, reported_failures
from limner.cli_generation_commands import generations_app
from limner.cli_key_commands import keys_app

app = typer.Typer(
    help="A self-hosted gateway that lets any OpenAI chat client draw with Google Gemini.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(keys_app, name="keys")
app.add_typer(generations_app, name="generations")
app.add_typer(database_app, name="database")
app.command()(compare)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"limner {__version__}")
        raise typer.Exit


@app.callback()
def limner(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the commands together."""


@app.command()
def serve(
    *,
    host: option.Host = "127.0.0.1",
    port: option.Port = 8000,
    emulator: Annotated[
        bool, typer.Option("--emulator", help="Draw with the bundled emulator instead of Gemini.")
    ] = False,
) -> None:
    """Run the gateway."""
    from limner.cli_serve import run_gateway  # noqa: PLC0415 - heavy

    with reported_failures():
        run_gateway(host, port, with_emulator=emulator)


@app.command()
def work() -> None:
    """Do what no client waits for, beside gateways on PostgreSQL."""
    from limner.cli_work import run_worker  # noqa: PLC0415 - heavy

    with reported_failures():
        run_worker()


@app.command()
def emulate(
    *,
    host: option.Host = "127.0.0.1",
    port: option.Port = 8001,
    accept_dummy_signature: Annotated[
        bool,
        typer.Option("--accept-dummy-signature", help="Let dummy thought signatures stand on picture parts."),
    ] = False,
    signature_bytes: Annotated[int, typer.Option(min=1, help="Length of the signatures given out.")] = 65536,
) -> None:
    """Run the Gemini emulator alone."""
    from limner.emulator import server  # noqa: PLC0415 - heavy

    with reported_failures():
        try:
            server.serve(
                host=host,
                port=port,
                accept_dummy_signature=accept_dummy_signature,
                signature_bytes=signature_bytes,
            )
        except OSError as error:
            reason = str(error.strerror).partition(" (while")[0]  # socket.create_server repeats the address
            raise CommandFailed(f"cannot listen on {host} port {port} ({reason})") from error


@app.command(hidden=True)
def demo() -> None:
    """Draw two pictures through a gateway on the emulator, with the official client."""
    from limner.cli_demo import run  # noqa: PLC0415 - heavy

    raise typer.Exit(run())


@app.command()
def draw(  # noqa: PLR0913 - each is an option
    prompt: option.Prompt,
    *,
    model: option.Model = "nano-banana-2.1",
    aspect_ratio: option.AspectRatio = None,
    image_size: option.ImageSize = None,
    inputs: option.Inputs = None,
    output: option.Output = None,
    system: option.System = None,
    base_url: option.BaseUrl = None,
    api_key: option.ApiKey = None,
    timeout: option.Timeout = 600.0,
    force: option.Force = False,
    stream: option.Stream = True,
    json: option.Json = False,
) -> None:
    """Draw through a gateway and write the pictures to files."""
    from limner.cli_draw import run  # noqa: PLC0415 - heavy
    from limner.cli_draw_request import Order  # noqa: PLC0415 - heavy

    order = Order(
        prompt=prompt,
        model=model,
        aspect_ratio=aspect_ratio,
        image_size=image_size,
        inputs=tuple(inputs or ()),
        output=output,
        system=system,
        base_url=base_url,
        api_key=api_key,
        timeout_seconds=timeout,
        is_forced=force,
        is_streamed=stream,
        as_json=json,
    )
    with reported_failures():
        run(order)


@app.command()
def usage(
    *,
    key: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this key did.")] = None,
    user: Annotated[str | None, typer.Option(metavar="U", help="Only what this end user did.")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="7d", help="Only from then on: an age such as 12h, 7d, 8w, or a date."),
    ] = None,
    json: option.Json = False,
) -> None:
    """Show pictures, tokens and dollars by key, user and model."""
    from limner import cli_usage  # noqa: PLC0415 - heavy

    since_ms = cli_usage.parse_since_ms(since)
    with reported_failures():
        cli_usage.show(key_name=key, end_user=user, since_ms=since_ms, as_json=json)


@app.command()
def check(*, json: option.Json = False) -> None:
    """Try settings, database, store and each credential, and say what is wrong. It buys nothing."""
    from limner import cli_check  # noqa: PLC0415 - heavy

    with reported_failures():
        cli_check.run(as_json=json)


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="limner")


if __name__ == "__main__":
    main()
