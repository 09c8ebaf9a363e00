"""The doors to decisions on outcomes that nobody knows, described."""

from limner.reference.codes import WITH_BODY
from limner.reference.operation import Answer, Content, Example, Operation, Parameter, Rules, Tag, Words
from limner.wire.limner import GenerationsResolved, ResolveAllOrder, ResolveOrder

TAGS: tuple[Tag, ...] = ()

_PATH = "/v1/limner/generations"
_ID = Parameter(
    name="generation_id",
    place="path",
    words=Words("The generation, or its answer.", "生成的 id，或其答案的 id。"),
    schema={"type": "string", "pattern": "^(chatcmpl-|gen_)[0-9a-f]{32}$"},
)
_CODES = ("admin_key_required", *WITH_BODY, "missing_required_parameter", "unsupported_value")
_ANSWERS = (
    Answer(words=Words("What was decided.", "裁定的内容。"), contents=(Content(record=GenerationsResolved),)),
)
_ONE = {"post": Example(Words("The money is spent", "计为已花费"), {"outcome": "post"})}
_ALL = {
    "void": Example(
        Words("All of before a day are given back", "退回某日之前的全部"),
        {"outcome": "void", "before": "2026-11-01"},
    )
}


def list_operations(_rules: Rules) -> tuple[Operation, ...]:
    """Return the doors."""
    return (
        Operation(
            method="post",
            path=f"{_PATH}/{{generation_id}}/resolve",
            id="resolveGeneration",
            tag="own",
            summary=Words("Decide on an unknown outcome", "裁定一个未知结果"),
            description=Words(
                "For admin keys, whosever it is. Its reservation is spent, or given back, once; the same decision again "
                "changes nothing.",
                "仅限管理员密钥，不论属于谁。预留金额计为已花费或退回，只作一次；重复同一裁定不作改动。",
            ),
            parameters=(_ID,),
            body=(Content(record=ResolveOrder, examples=_ONE),),
            answers=_ANSWERS,
            codes=(*_CODES, "not_found", "outcome_known"),
        ),
        Operation(
            method="post",
            path=f"{_PATH}/resolve",
            id="resolveGenerations",
            tag="own",
            summary=Words("Decide on all old unknown outcomes", "裁定全部较早的未知结果"),
            description=Words(
                "For admin keys: alike on all that ended before a moment.",
                "仅限管理员密钥：对某一时刻之前结束的全部作同样的裁定。",
            ),
            body=(Content(record=ResolveAllOrder, examples=_ALL),),
            answers=_ANSWERS,
            codes=_CODES,
        ),
    )
