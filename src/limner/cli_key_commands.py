"""The commands `limner keys …`: names and options. What they do stands in `cli_keys.py`."""

import typer

from limner import cli_options as option
from limner.cli_failure import reported_failures

keys_app = typer.Typer(help="Client keys: who may call, and with which limits.", no_args_is_help=True)


@keys_app.command("create")
def create_key(  # noqa: PLR0913 - each is an option
    name: option.Name,
    *,
    models: option.Models = None,
    expires: option.Expires = None,
    image_output: option.KeyImageOutput = None,
    owner: option.Owner = None,
    budget_usd: option.BudgetUsd = None,
    budget_period: option.BudgetPeriod = None,
    images_per_minute: option.ImagesPerMinute = None,
    requests_per_minute: option.RequestsPerMinute = None,
    admin: option.Admin = False,
    key: option.OwnKey = None,
    json: option.Json = False,
) -> None:
    """Create a key and print it, this once."""
    from limner import cli_keys  # noqa: PLC0415 - heavy

    with reported_failures():
        spending = cli_keys.parse_spending(
            budget=budget_usd,
            period=budget_period,
            images_per_minute=images_per_minute,
            requests_per_minute=requests_per_minute,
        )
        limits = cli_keys.parse_limits(
            models=models, expires=expires, image_output=image_output, spending=spending
        )
        cli_keys.create(name, limits, owner=owner, is_admin=admin, secret=key, as_json=json)


@keys_app.command("list")
def list_keys(
    *,
    name: option.KeyName = None,
    owner: option.OfOwner = None,
    search: option.Search = None,
    state: option.KeyState = None,
    limit: option.Limit = None,
    after: option.After = None,
    json: option.Json = False,
) -> None:
    """List the keys, the oldest first."""
    from limner import cli_keys_list  # noqa: PLC0415 - heavy

    cli_keys_list.check_state(state)
    choice = {"name": name, "owner": owner, "search": search, "state": state}
    with reported_failures():
        cli_keys_list.show_all(choice, after=after, limit=limit, as_json=json)


@keys_app.command("show")
def show_key(name: option.Name, *, json: option.Json = False) -> None:
    """Show one key, and what it has spent in its budget's period."""
    from limner import cli_keys_list  # noqa: PLC0415 - heavy

    with reported_failures():
        cli_keys_list.show(name, as_json=json)


@keys_app.command("rotate")
def rotate_key(
    name: option.Name,
    *,
    overlap: option.Overlap = "24h",
    key: option.OwnKey = None,
    json: option.Json = False,
) -> None:
    """Give a key another secret and print it, this once; the old one works on for a time."""
    from limner import cli_keys_rotate  # noqa: PLC0415 - heavy

    overlap_seconds = cli_keys_rotate.parse_overlap_seconds(overlap)
    with reported_failures():
        cli_keys_rotate.rotate(name, overlap_seconds=overlap_seconds, secret=key, as_json=json)


@keys_app.command("import")
def import_keys(
    file: option.KeyFile,
    *,
    dry_run: option.DryRun = False,
    on_conflict: option.OnConflict = "refuse",
    owner_from: option.OwnerFrom = None,
    json: option.Json = False,
) -> None:
    """Take in keys from a CSV file: all, or none if anything is wrong. Knows new-api's and litellm's columns too."""
    from limner import cli_keys_import  # noqa: PLC0415 - heavy

    rules = cli_keys_import.parse_rules(on_conflict, is_dry_run=dry_run)
    with reported_failures():
        cli_keys_import.import_file(file, rules, owner_from=owner_from, as_json=json)


@keys_app.command("revoke")
def revoke_key(name: option.Name) -> None:
    """Make a key useless, at once."""
    from limner import cli_keys  # noqa: PLC0415 - heavy

    with reported_failures():
        cli_keys.revoke(name)


@keys_app.command("set")
def set_key(  # noqa: PLR0913 - each is an option
    name: option.Name,
    *,
    rename: option.Rename = None,
    models: option.SetModels = None,
    expires: option.SetExpires = None,
    image_output: option.SetImageOutput = None,
    owner: option.SetOwner = None,
    budget_usd: option.SetBudgetUsd = None,
    budget_period: option.BudgetPeriod = None,
    images_per_minute: option.SetImagesPerMinute = None,
    requests_per_minute: option.SetRequestsPerMinute = None,
    admin: option.SetAdmin = None,
) -> None:
    """Change what a key may do, at once; what is not named stays."""
    from limner import cli_keys_set  # noqa: PLC0415 - heavy

    given = {
        "name": rename,
        "models": models,
        "expires_at": expires,
        "image_output": image_output,
        "owner": owner,
        "budget_micro_usd": budget_usd,
        "budget_period": budget_period,
        "images_per_minute": images_per_minute,
        "requests_per_minute": requests_per_minute,
    }
    with reported_failures():
        cli_keys_set.change(name, cli_keys_set.parse_changes(given, is_admin=admin))
