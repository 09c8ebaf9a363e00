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

    spending = cli_keys.parse_spending(
        budget=budget_usd,
        period=budget_period,
        images_per_minute=images_per_minute,
        requests_per_minute=requests_per_minute,
    )
    limits = cli_keys.parse_limits(
        models=models, expires=expires, image_output=image_output, spending=spending
    )
    with reported_failures():
        cli_keys.create(name, limits, owner=owner, is_admin=admin, secret=key, as_json=json)


@keys_app.command("list")
def list_keys(*, json: option.Json = False) -> None:
    """List the keys."""
    from limner import cli_keys  # noqa: PLC0415 - heavy

    with reported_failures():
        cli_keys.show_all(as_json=json)


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

    changes = cli_keys_set.parse_changes(
        {
            "name": rename,
            "models": models,
            "expires_at": expires,
            "image_output": image_output,
            "owner": owner,
            "budget_micro_usd": budget_usd,
            "budget_period": budget_period,
            "images_per_minute": images_per_minute,
            "requests_per_minute": requests_per_minute,
        },
        is_admin=admin,
    )
    with reported_failures():
        cli_keys_set.change(name, changes)
