"""The doors to answers that exist, described."""

from limner.reference.codes import WITH_BODY
from limner.reference.doors.native import RESPONSE
from limner.reference.doors.parameters import AFTER, COMPLETION_ID, LIMIT, ORDER, link_to, list_callers
from limner.reference.headers import GENERATION_ID, REPLAYED
from limner.reference.operation import Answer, Content, Example, Operation, Parameter, Rules, Tag, Words
from limner.wire.completions import (
    CompletionDeleted,
    CompletionList,
    CompletionNote,
    MessageList,
    MetadataUpdate,
    Pending,
)
from limner.wire.images import ImagesResponse
from limner.wire.openai import ChatCompletion

TAGS = (
    Tag(
        "completions",
        Words("Answers", "答案"),
        Words(
            "Answers again, or for the first time: by id, by `Idempotency-Key`, or those that reached nobody. Lists show what was "
            "asked with `store: true`.",
            "再次取回答案，或第一次取得：按 id、按 `Idempotency-Key`，或未送达的。列表显示带 `store: true` 的请求。",
        ),
    ),
)
_PATH = "/v1/chat/completions"
_ONE = f"{_PATH}/{{completion_id}}"
_COLLECTED = (
    "upstream_unknown_outcome",
    "upstream_invalid_response",
    "upstream_error",
    "upstream_timeout",
    "content_policy_violation",
    "no_image_generated",
    "context_length_exceeded",
    "upstream_rejected",
    "model_not_found",
    "rate_limit_exceeded",
    "upstream_overloaded",
    "upstream_unavailable",
    "upstream_auth",
    "cancelled",
    "shutting_down",
)
"""An answer that is an error is told with its status."""

_WAIT = Parameter(
    name="wait",
    place="query",
    words=Words(
        "`0`: 202 at once if the call still runs; else the answer comes when it is there.",
        "`0`：若调用仍在进行，立即返回 202；否则等到答案出现。",
    ),
    schema={"type": "string", "enum": ["0", "1", "true", "false"], "default": "1"},
)
_FILTERS = (
    Parameter(
        name="undelivered",
        place="query",
        words=Words(
            "`true`: calls that run, and answers, that reached nobody.",
            "`true`：无人收到的进行中的调用与答案。",
        ),
        schema={"type": "string", "enum": ["true", "false", "1", "0"]},
    ),
    Parameter(
        name="idempotency_key",
        place="query",
        words=Words("Calls with this key.", "带此 `Idempotency-Key` 的调用。"),
        schema={"type": "string"},
    ),
    Parameter(
        name="model",
        place="query",
        words=Words("Of the stored ones: those asked by this name.", "已存答案中以此模型名请求的。"),
        schema={"type": "string"},
    ),
    Parameter(
        name="metadata",
        place="query",
        words=Words(
            "`metadata[key]=value`: of the stored ones, those with this value under `key`. May come several times.",
            "`metadata[key]=value`：已存答案中备注符合的。可出现多次。",
        ),
        # In a query every value is text, and what is no pair is no parameter.
        schema={"type": "object"},
        is_map=True,
    ),
)


def list_operations(rules: Rules) -> tuple[Operation, ...]:
    """Return the doors."""
    callers = list_callers(rules)
    return (_list(*callers), _show(*callers), _update(*callers), _delete(*callers), _list_messages(*callers))


def _list(*callers: Parameter) -> Operation:
    return Operation(
        method="get",
        path=_PATH,
        id="listChatCompletions",
        tag="completions",
        summary=Words("List answers", "列出答案"),
        description=Words(
            "The stored ones, or what `undelivered` or `idempotency_key` finds, without their pictures. `model` and `metadata` "
            "choose among the stored ones only.",
            "列出已存的答案，或 `undelivered`、`idempotency_key` 找到的答案，不含图片。`model` 与 `metadata` 只用于已存的答案。",
        ),
        parameters=(*_FILTERS, ORDER, LIMIT, AFTER, *callers),
        answers=(
            Answer(
                words=Words("A page.", "一页。"),
                contents=(Content(record=CompletionList),),
                links=link_to(
                    "completion_id",
                    "$response.body#/data/0/id",
                    "getChatCompletion",
                    "updateChatCompletion",
                    "listChatCompletionMessages",
                ),
            ),
        ),
        codes=("unsupported_parameter", "invalid_type"),
    )


def _show(*callers: Parameter) -> Operation:
    return Operation(
        method="get",
        path=_ONE,
        id="getChatCompletion",
        tag="completions",
        summary=Words("Collect an answer", "取回答案"),
        description=Words(
            "The answer, whole, in the form of the door it was asked at, with its picture where the call asked for it. It can be collected any number of times as long as "
            "it is kept, and collecting it is delivery. Waits while the call runs.",
            "完整的答案，形式与所用接口一致，图片位置与原调用一致。保存期间可任意次取回；取回即视为送达。调用进行中时会等待。",
        ),
        parameters=(COMPLETION_ID, _WAIT, *callers),
        answers=(
            Answer(
                words=Words("The answer.", "答案。"),
                contents=(
                    Content(record=ChatCompletion, others=(ImagesResponse,), other_schemas=(RESPONSE,)),
                ),
                headers=(GENERATION_ID, REPLAYED),
            ),
            Answer(
                status=202,
                words=Words(
                    "The call still runs, and `wait=0` was asked.", "调用仍在进行，且请求了 `wait=0`。"
                ),
                contents=(Content(record=Pending),),
                headers=(GENERATION_ID,),
            ),
        ),
        codes=("not_found", *_COLLECTED),
        names_generation=True,
    )


def _update(*callers: Parameter) -> Operation:
    return Operation(
        method="post",
        path=_ONE,
        id="updateChatCompletion",
        tag="completions",
        summary=Words("Change metadata", "修改备注"),
        description=Words(
            "Puts other metadata on a stored answer (`store: true`). The new take the place of the old; null takes them away.",
            "修改已存答案（`store: true`）的备注。新备注取代旧备注；null 清除。",
        ),
        parameters=(COMPLETION_ID, *callers),
        body=(
            Content(
                record=MetadataUpdate,
                examples={
                    "order": Example(Words("An order's number", "订单号"), {"metadata": {"order": "4711"}}),
                    "none": Example(Words("None", "清除"), {"metadata": None}),
                },
            ),
        ),
        answers=(
            Answer(
                words=Words("The answer, as lists show it.", "列表中所示的答案。"),
                contents=(Content(record=CompletionNote),),
            ),
        ),
        codes=("not_found", "missing_required_parameter", *WITH_BODY),
    )


def _delete(*callers: Parameter) -> Operation:
    return Operation(
        method="delete",
        path=_ONE,
        id="deleteChatCompletion",
        tag="completions",
        summary=Words("Delete an answer", "删除答案"),
        description=Words(
            "Pictures, what was asked and said, and metadata go at once, stored or not. A call that runs cannot be deleted.",
            "图片、请求内容、回答与备注立即删除，无论是否已存。进行中的调用不能删除。",
        ),
        parameters=(COMPLETION_ID, *callers),
        answers=(
            Answer(
                words=Words("It is there no more.", "已删除。"), contents=(Content(record=CompletionDeleted),)
            ),
        ),
        codes=("not_found", "already_sent"),
    )


def _list_messages(*callers: Parameter) -> Operation:
    return Operation(
        method="get",
        path=f"{_ONE}/messages",
        id="listChatCompletionMessages",
        tag="completions",
        summary=Words("List what was asked", "列出请求内容"),
        description=Words(
            "The messages of a stored call, with the very pictures that were sent. A page may be large: with `limit` and `after` "
            "messages are fetched one by one.",
            "已存调用的消息，图片与发送时完全一致。一页可能很大：可用 `limit` 与 `after` 逐条取回。",
        ),
        parameters=(COMPLETION_ID, ORDER, LIMIT, AFTER, *callers),
        answers=(Answer(words=Words("A page.", "一页。"), contents=(Content(record=MessageList),)),),
        codes=("not_found",),
    )
