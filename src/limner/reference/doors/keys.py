"""The doors to client keys, described."""

from typing import Literal

from limner.reference.codes import WITH_BODY
from limner.reference.doors.parameters import AFTER, LIMIT, link_to
from limner.reference.operation import Answer, Content, Example, Operation, Parameter, Rules, Tag, Words
from limner.wire.limner_keys import (
    KeyEntry,
    KeyImport,
    KeyList,
    KeyOrder,
    KeyRevoked,
    KeyRotation,
    KeyUpdate,
    NewKey,
)

TAGS = (
    Tag(
        "keys",
        Words("Keys", "密钥"),
        Words("Client keys and their limits, for admin keys.", "客户端密钥及其限制，仅限管理员密钥。"),
    ),
)
_PATH = "/v1/limner/keys"
_ONE = f"{_PATH}/{{key_id}}"
_ID = Parameter(
    name="key_id",
    place="path",
    words=Words("The key.", "密钥 id。"),
    schema={"type": "string", "pattern": "^key_[0-9a-f]+$"},
)
_NAME = Parameter(
    name="name",
    place="query",
    words=Words("The one of that name.", "名称为此的密钥。"),
    schema={"type": "string"},
)
_OWNER = Parameter(
    name="owner",
    place="query",
    words=Words("Those of an owner.", "某个所有者的密钥。"),
    schema={"type": "string"},
)
_SEARCH = Parameter(
    name="search",
    place="query",
    words=Words("Those with this in their names; case does not matter.", "名称中包含此文字，不区分大小写。"),
    schema={"type": "string"},
)
_STATE = Parameter(
    name="state",
    place="query",
    words=Words(
        "Those in a state; absent: all but the revoked.", "处于某状态的密钥；未给出则为未吊销的全部。"
    ),
    schema={"type": "string", "enum": ["active", "expired", "revoked"]},
)
_ADMIN = ("admin_key_required",)
_CHANGING = (*WITH_BODY, "missing_required_parameter", "unsupported_parameter", "conflicting_input")
_ORDER = {
    "shop": Example(
        Words("A key with a budget", "带预算的密钥"),
        {"name": "shop", "budget_usd": 25, "budget_period": "month", "expires": "30d"},
    )
}
_ON_CONFLICT = Parameter(
    name="on_conflict",
    place="query",
    words=Words(
        "What is done with a row whose name or key is there already: nothing is imported, the row is skipped, or the key "
        "becomes what the row says.",
        "行中的名称或密钥已存在时的处理：全部不导入、跳过该行，或按该行修改密钥。",
    ),
    schema={"type": "string", "enum": ["refuse", "skip", "update"], "default": "refuse"},
)
_DRY_RUN = Parameter(
    name="dry_run",
    place="query",
    words=Words("Check everything and write nothing.", "只检查，不写入。"),
    schema={"type": "boolean", "default": False},
)
_OWNER_FROM = Parameter(
    name="owner_from",
    place="query",
    words=Words("The column that says whom the pictures belong to.", "说明图片归属的列。"),
    schema={"type": "string"},
)
_FILE = {
    "own": Example(
        Words("Limner's own columns", "Limner 自己的列"),
        "name,key,owner,budget_usd,budget_period\nshop,,studio,25,month\nblog,,studio,,\n",
    )
}
_ROTATION = {"week": Example(Words("A week side by side", "新旧并用一周"), {"overlap": "7d"})}
_SHOWN = (Answer(words=Words("The key.", "密钥。"), contents=(Content(record=KeyEntry),)),)


def list_operations(_rules: Rules) -> tuple[Operation, ...]:
    """Return the doors."""
    return (
        _list(),
        _create(),
        _import(),
        _show_self(),
        _show(),
        _update("patch", "updateKey"),
        _update("post", "updateKeyByPost"),
        _rotate(),
        _revoke(),
    )


def _list() -> Operation:
    return Operation(
        method="get",
        path=_PATH,
        id="listKeys",
        tag="keys",
        summary=Words("List keys", "列出密钥"),
        description=Words(
            "All that are not revoked, or those chosen, the oldest first.",
            "未吊销的全部或所选的密钥，最旧的在前。",
        ),
        parameters=(_NAME, _OWNER, _SEARCH, _STATE, LIMIT, AFTER),
        answers=(Answer(words=Words("A page.", "一页。"), contents=(Content(record=KeyList),)),),
        codes=_ADMIN,
    )


def _create() -> Operation:
    return Operation(
        method="post",
        path=_PATH,
        id="createKey",
        tag="keys",
        summary=Words("Create a key", "创建密钥"),
        description=Words("Its secret is shown this once.", "明文只显示这一次。"),
        body=(Content(record=KeyOrder, examples=_ORDER),),
        answers=(
            Answer(
                words=Words("The key and its secret.", "密钥及其明文。"),
                contents=(Content(record=NewKey),),
                links=link_to(
                    "key_id", "$response.body#/id", "showKey", "updateKey", "updateKeyByPost", "rotateKey"
                ),
            ),
        ),
        codes=(*_ADMIN, *_CHANGING),
    )


def _import() -> Operation:
    return Operation(
        method="post",
        path=f"{_PATH}/import",
        id="importKeys",
        tag="keys",
        summary=Words("Import keys from a CSV file", "从 CSV 文件导入密钥"),
        description=Words(
            "The columns are those of `limner keys import`, of new-api's `tokens` or of litellm's "
            "`LiteLLM_VerificationToken`. All rows are taken or none; what is wrong is named by line. Secrets are answered "
            "only where the file had none and one was made.",
            "列可以是 `limner keys import` 的列、new-api 的 `tokens` 表或 litellm 的 `LiteLLM_VerificationToken` 表。"
            "要么全部导入，要么全不导入；错误按行号列出。仅当文件没有密钥而由网关生成时才返回明文。",
        ),
        parameters=(_ON_CONFLICT, _DRY_RUN, _OWNER_FROM),
        body=(Content(media_type="text/csv", schema={"type": "string"}, examples=_FILE),),
        answers=(
            Answer(words=Words("What became of it.", "导入结果。"), contents=(Content(record=KeyImport),)),
        ),
        codes=(*_ADMIN, "request_too_large", "unsupported_media_type"),
    )


def _show_self() -> Operation:
    return Operation(
        method="get",
        path=f"{_PATH}/self",
        id="showOwnKey",
        tag="keys",
        summary=Words("Show the key that asks", "查看当前密钥"),
        description=Words("Whichever it is; needs no admin.", "任何密钥都可以，无需管理员。"),
        answers=_SHOWN,
    )


def _show() -> Operation:
    return Operation(
        method="get",
        path=_ONE,
        id="showKey",
        tag="keys",
        summary=Words("Show a key", "查看密钥"),
        description=Words("Its limits and what it has spent.", "其限制与已花费的金额。"),
        parameters=(_ID,),
        answers=_SHOWN,
        codes=(*_ADMIN, "not_found"),
    )


def _update(method: Literal["patch", "post"], name: str) -> Operation:
    return Operation(
        method=method,
        path=_ONE,
        id=name,
        tag="keys",
        summary=Words("Change a key", "修改密钥"),
        description=Words(
            "What is absent stays; null takes a limit away. It counts from the next request on.",
            "未给出的保持不变，null 取消限制，从下一个请求起生效。",
        ),
        parameters=(_ID,),
        body=(Content(record=KeyUpdate),),
        answers=_SHOWN,
        codes=(*_ADMIN, *_CHANGING, "not_found"),
    )


def _rotate() -> Operation:
    return Operation(
        method="post",
        path=f"{_ONE}/rotate",
        id="rotateKey",
        tag="keys",
        summary=Words("Give a key another secret", "轮换密钥"),
        description=Words(
            "Everything else of the key stays, its budget and its pictures too. What opened it before does so until the "
            "overlap ends. The new secret is shown this once.",
            "密钥的其余一切不变，包括预算与图片。旧明文在重叠期结束前仍可使用。新明文只显示这一次。",
        ),
        parameters=(_ID,),
        body=(Content(record=KeyRotation, examples=_ROTATION),),
        answers=(
            Answer(
                words=Words("The key and its new secret.", "密钥及其新明文。"),
                contents=(Content(record=NewKey),),
            ),
        ),
        codes=(*_ADMIN, *WITH_BODY, "unsupported_parameter", "not_found"),
    )


def _revoke() -> Operation:
    return Operation(
        method="delete",
        path=_ONE,
        id="revokeKey",
        tag="keys",
        summary=Words("Revoke a key", "吊销密钥"),
        description=Words("What it has drawn stays.", "已画的图片保留。"),
        parameters=(_ID,),
        answers=(Answer(words=Words("Revoked.", "已吊销。"), contents=(Content(record=KeyRevoked),)),),
        codes=(*_ADMIN, "conflicting_input", "not_found"),
    )
