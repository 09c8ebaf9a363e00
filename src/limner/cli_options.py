"""The options that commands share or have many of: spelling, help, bounds. What they are for must not stand here.

Imported for `--help` too, so nothing heavy may come in with it.
"""

from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Prompt = Annotated[
    str, typer.Argument(metavar="PROMPT", help="What to draw; - reads it from standard input.")
]
Model = Annotated[str, typer.Option("-m", "--model", help="The model that draws.")]
AspectRatio = Annotated[str | None, typer.Option(metavar="16:9", help="Ratio of the picture.")]
ImageSize = Annotated[str | None, typer.Option(metavar="2K", help="Size of the picture.")]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "-i", "--input", metavar="FILE", help="Picture to work from, repeatable; - is standard input."
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o", "--output", metavar="OUT", help="File, pattern such as {prompt}-{n}.{ext}, folder/ or -."
    ),
]
System = Annotated[str | None, typer.Option(metavar="TEXT", help="System message.")]
BaseUrl = Annotated[str | None, typer.Option(metavar="URL", help="The gateway, else LIMNER_BASE_URL.")]
ApiKey = Annotated[str | None, typer.Option(metavar="KEY", help="Its key, else LIMNER_API_KEY.")]
Timeout = Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Longest wait for the answer.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files of the same name.")]
Stream = Annotated[bool, typer.Option("--stream/--no-stream", help="Take the answer as it comes, or whole.")]
Name = Annotated[str, typer.Argument(help="The key's name.")]
Models = Annotated[str | None, typer.Option(metavar="A,B", help="Models the key may use.")]
Expires = Annotated[str | None, typer.Option(metavar="30d", help="Lifetime in hours, days or weeks.")]
KeyImageOutput = Annotated[
    str | None, typer.Option(metavar="V", help="Where pictures stand in answers: auto, markdown or images.")
]
Owner = Annotated[str | None, typer.Option(help="Whom the pictures belong to; keys may share an owner.")]
BudgetUsd = Annotated[str | None, typer.Option(metavar="X", help="Dollars the key may spend in a period.")]
BudgetPeriod = Annotated[
    str | None, typer.Option(metavar="day|month|total", help="The budget's period, in UTC; else total.")
]
ImagesPerMinute = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Pictures the key may begin in a minute.")
]
RequestsPerMinute = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Requests the key may make in a minute.")
]
Admin = Annotated[bool, typer.Option("--admin", help="Let the key manage the gateway.")]
Rename = Annotated[str | None, typer.Option(metavar="NEW", help="Another name for the key.")]
SetModels = Annotated[str | None, typer.Option("--models", metavar="A,B|all", help="Models it may use.")]
SetExpires = Annotated[
    str | None, typer.Option("--expires", metavar="30d|never", help="Lifetime from now on.")
]
SetImageOutput = Annotated[
    str | None,
    typer.Option("--image-output", metavar="V|default", help="Where pictures stand in its answers."),
]
SetOwner = Annotated[
    str | None, typer.Option("--owner", metavar="O|self", help="Whom its next pictures belong to.")
]
SetBudgetUsd = Annotated[
    str | None, typer.Option("--budget-usd", metavar="X|none", help="Dollars it may spend in a period.")
]
SetImagesPerMinute = Annotated[
    str | None, typer.Option("--images-per-minute", metavar="N|none", help="Pictures it may begin.")
]
SetRequestsPerMinute = Annotated[
    str | None, typer.Option("--requests-per-minute", metavar="N|none", help="Requests it may make.")
]
SetAdmin = Annotated[
    bool | None, typer.Option("--admin/--no-admin", help="Whether it may manage the gateway.")
]
OwnKey = Annotated[str | None, typer.Option("--key", metavar="sk-…", help="Bring your own key.")]
Overlap = Annotated[
    str, typer.Option(metavar="24h|0", help="How long the old secret still works; hours, days or weeks.")
]
KeyName = Annotated[str | None, typer.Option("--name", help="The one of that name.")]
OfOwner = Annotated[str | None, typer.Option("--owner", help="Those of an owner.")]
Search = Annotated[str | None, typer.Option(metavar="TEXT", help="Those with this in their names.")]
KeyState = Annotated[
    str | None,
    typer.Option("--state", metavar="active|expired|revoked", help="Those in a state; else all but revoked."),
]
After = Annotated[str | None, typer.Option(metavar="ID", help="Those behind the key with this id.")]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many.")]
KeyFile = Annotated[str, typer.Argument(metavar="FILE.csv", help="The file; - is standard input.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything and write nothing.")]
OnConflict = Annotated[
    str,
    typer.Option(
        "--on-conflict", metavar="refuse|skip|update", help="What to do with keys that are there already."
    ),
]
OwnerFrom = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="The column that says whom the pictures belong to.")
]
