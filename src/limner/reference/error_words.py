"""What each error code means, in short. Words only; whose codes they are says `errors`."""

from limner.reference.operation import Words

ERROR_WORDS: dict[str, Words] = {
    "invalid_json": Words("The body is not JSON.", "请求体不是 JSON。"),
    "invalid_type": Words("A field has a wrong type.", "某个字段类型不对。"),
    "missing_required_parameter": Words("Something that has to be there is not.", "缺少必需的内容。"),
    "unsupported_value": Words("A value that is not taken.", "不接受的值。"),
    "unsupported_parameter": Words("A parameter that is not taken here.", "此处不接受的参数。"),
    "model_not_priced": Words(
        "The model has no price here, and the key has a budget.", "该模型在此没有价格，而密钥设有预算。"
    ),
    "conflicting_input": Words(
        "`contents` holds a picture that `messages` lacks.", "`contents` 中有 `messages` 没有的图片。"
    ),
    "image_fetch_failed": Words("A link's picture cannot be had.", "链接中的图片无法获取。"),
    "image_not_found": Words("There is no such picture here.", "这里没有这张图片。"),
    "invalid_image": Words("An input picture cannot be read.", "输入图片无法读取。"),
    "invalid_idempotency_key": Words("The `Idempotency-Key` cannot be used.", "`Idempotency-Key` 不可用。"),
    "context_length_exceeded": Words(
        "The conversation is longer than Gemini takes.", "对话超出 Gemini 的长度上限。"
    ),
    "content_policy_violation": Words("Gemini refused for reasons of policy.", "Gemini 因政策原因拒绝。"),
    "no_image_generated": Words("Gemini drew nothing.", "Gemini 没有画出图片。"),
    "upstream_rejected": Words(
        "Gemini refused the request for another reason.", "Gemini 因其他原因拒绝请求。"
    ),
    "invalid_api_key": Words(
        "The key is absent, unknown, expired or revoked.", "密钥缺失、未知、过期或已撤销。"
    ),
    "model_not_allowed": Words("The key may not use this model.", "密钥不可使用此模型。"),
    "host_not_allowed": Words("The `Host` is not served here.", "不为此 `Host` 服务。"),
    "invalid_link": Words(
        "The link was not signed here, was changed, or has ended.", "链接非本网关签名、被改动或已失效。"
    ),
    "admin_key_required": Words("Only an admin key may do this.", "只有管理员密钥可以这样做。"),
    "not_found": Words("It is not there, or is not yours.", "不存在，或不属于你。"),
    "model_not_found": Words("The model is not known here.", "未知的模型。"),
    "method_not_allowed": Words("The path does not take this method.", "该路径不接受此方法。"),
    "request_timeout": Words("The request did not come in time.", "请求未能及时到达。"),
    "already_sent": Words(
        "The call has not ended yet, or is too far to be taken back.", "调用尚未结束，或已无法撤回。"
    ),
    "cancelled": Words("Its owner took the call back before it was sent.", "所有者在发送前撤回了调用。"),
    "outcome_known": Words("Its outcome is known, or was decided otherwise.", "其结果已知，或已另行裁定。"),
    "request_too_large": Words("The body is too large.", "请求体过大。"),
    "unsupported_media_type": Words(
        "The body is in a form that is not read here.", "请求体的形式在此不读取。"
    ),
    "range_not_satisfiable": Words("The range lies behind the end.", "范围超出末尾。"),
    "headers_too_large": Words("The headers are over 64 KiB.", "请求头超过 64 KiB。"),
    "idempotency_key_reused": Words(
        "The `Idempotency-Key` stands for another body.", "`Idempotency-Key` 已用于另一请求体。"
    ),
    "insufficient_quota": Words("The key's budget cannot hold this call.", "密钥预算不足以支付此次调用。"),
    "rate_limit_exceeded": Words(
        "The key's minute, or Gemini's quota, is used up.", "密钥本分钟的额度或 Gemini 的配额已用尽。"
    ),
    "internal_error": Words("A fault of the gateway.", "网关自身的故障。"),
    "upstream_unknown_outcome": Words(
        "The connection to Gemini was lost; the picture may have been bought.",
        "与 Gemini 的连接中断；图片可能已购买。",
    ),
    "upstream_invalid_response": Words("Gemini's answer cannot be read.", "Gemini 的应答无法读取。"),
    "upstream_error": Words("Gemini failed.", "Gemini 出错。"),
    "upstream_overloaded": Words(
        "Gemini is overloaded; nothing was bought.", "Gemini 过载；未购买任何内容。"
    ),
    "upstream_unavailable": Words(
        "Gemini cannot be reached; nothing was bought.", "无法连接 Gemini；未购买任何内容。"
    ),
    "upstream_auth": Words(
        "Gemini refuses the gateway's own key; the operator has to act.",
        "Gemini 拒绝网关自己的密钥；需由管理员处理。",
    ),
    "storage_unavailable": Words(
        "The gateway cannot read or write what it keeps; nothing was bought.",
        "网关无法读写存储；未购买任何内容。",
    ),
    "shutting_down": Words("The gateway is ending; nothing was bought.", "网关正在关闭；未购买任何内容。"),
    "gateway_overloaded": Words(
        "Too many calls are under way; nothing was bought.", "进行中的调用过多；未购买任何内容。"
    ),
    "upstream_timeout": Words(
        "A deadline passed; the picture may have been bought.", "超过时限；图片可能已购买。"
    ),
}
