"""The doors for whoever watches the process, described."""

from limner.reference.operation import Answer, Content, Operation, Rules, Tag, Words
from limner.wire.status import Alive, Readiness

TAGS = (
    Tag("status", Words("Status", "状态"), Words("For whoever watches the process.", "供监控进程的人使用。")),
)


_ALIVE = Operation(
    method="get",
    path="/healthz",
    id="getHealth",
    tag="status",
    summary=Words("Does it live?", "进程是否存活"),
    description=Words("Answers as long as the process does.", "只要进程在运行就会应答。"),
    answers=(Answer(words=Words("It does.", "存活。"), contents=(Content(record=Alive),)),),
    is_open=True,
)
_READY = Operation(
    method="get",
    path="/readyz",
    id="getReadiness",
    tag="status",
    summary=Words("Can it take calls?", "能否接受调用"),
    description=Words(
        "What must work: the database, the spool, a credential; and that the gateway is not ending.",
        "必须可用的各项：数据库、暂存目录、凭据，且网关没有在关闭。",
    ),
    answers=(
        Answer(words=Words("It can.", "可以。"), contents=(Content(record=Readiness),)),
        Answer(
            status=503,
            words=Words("It cannot now.", "暂时不行。"),
            contents=(Content(record=Readiness),),
        ),
    ),
    is_open=True,
)
_METRICS = Operation(
    method="get",
    path="/metrics",
    id="getMetrics",
    tag="status",
    summary=Words("Metrics", "指标"),
    description=Words("For Prometheus, with an admin key.", "供 Prometheus 抓取，需要管理员密钥。"),
    answers=(
        Answer(
            words=Words("The metrics.", "指标。"),
            contents=tuple(
                Content(media_type=media_type, schema={"type": "string"})
                for media_type in ("text/plain", "application/openmetrics-text")
            ),
            headers=("cache-control",),
        ),
    ),
    codes=("admin_key_required",),
)


def list_operations(_rules: Rules) -> tuple[Operation, ...]:
    """Return the doors."""
    return (_ALIVE, _READY, _METRICS)
