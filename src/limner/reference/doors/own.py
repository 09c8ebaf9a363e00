"""The doors of the gateway's own pages, described: the reference and the studio."""

from limner.reference.doors.parameters import ETAG
from limner.reference.operation import Answer, Content, Operation, Parameter, Rules, Tag, Words

TAGS = (
    Tag(
        "studio",
        Words("Studio", "工作室"),
        Words("A page to draw, edit and browse in.", "画图、修改与浏览的网页。"),
    ),
    Tag("reference", Words("Reference", "参考"), Words("This page and its document.", "本页及其文档。")),
)
_LANGUAGE = Parameter(
    name="lang",
    place="query",
    words=Words("The language of its words.", "文字的语言。"),
    schema={"type": "string", "enum": ["en", "zh"], "default": "en"},
)
_FILE = Parameter(
    name="file",
    place="path",
    words=Words("A file of the page.", "页面的文件。"),
    schema={"type": "string"},
    example="reference.css",
)
_STUDIO_FILE = Parameter(
    name="file",
    place="path",
    words=Words("A file of the page.", "页面的文件。"),
    schema={"type": "string"},
    example="studio.css",
)
_KEPT = ("etag", "cache-control")
_SAME = Answer(status=304, words=Words("It is there already.", "已是最新。"), headers=_KEPT)


_DOCUMENT = Operation(
    method="get",
    path="/openapi.json",
    id="getDocument",
    tag="reference",
    summary=Words("This document", "本文档"),
    description=Words(
        "OpenAPI 3.1, made from what the gateway reads and writes.",
        "OpenAPI 3.1，由网关实际读写的内容生成。",
    ),
    parameters=(_LANGUAGE, ETAG),
    answers=(
        Answer(
            words=Words("The document.", "文档。"),
            contents=(Content(schema={"type": "object", "required": ["openapi", "info", "paths"]}),),
            headers=_KEPT,
        ),
        _SAME,
    ),
    is_open=True,
)
_PAGE = Operation(
    method="get",
    path="/docs",
    id="getReference",
    tag="reference",
    summary=Words("This page", "本页"),
    description=Words("The reference for people; works offline.", "供人阅读的参考页，可离线使用。"),
    parameters=(ETAG,),
    answers=(
        Answer(
            words=Words("The page.", "页面。"),
            contents=(Content(media_type="text/html", schema={"type": "string"}),),
            headers=(*_KEPT, "content-security-policy"),
        ),
        _SAME,
    ),
    is_open=True,
)
_PAGE_FILE = Operation(
    method="get",
    path="/docs/{file}",
    id="getReferenceFile",
    tag="reference",
    summary=Words("A file of this page", "本页的文件"),
    description=Words("Styles and scripts.", "样式与脚本。"),
    parameters=(_FILE, ETAG),
    answers=(
        Answer(
            words=Words("The file.", "文件。"),
            contents=tuple(
                Content(media_type=mime_type, schema={"type": "string"})
                for mime_type in ("text/css", "text/javascript", "image/svg+xml")
            ),
            headers=(*_KEPT, "content-security-policy"),
        ),
        _SAME,
    ),
    codes=("not_found",),
    is_open=True,
)

_STUDIO = Operation(
    method="get",
    path="/",
    id="getStudio",
    tag="studio",
    summary=Words("The studio", "工作室"),
    description=Words(
        "A page that asks for a key and uses the doors described here, and nobody else's.",
        "该页面需要密钥登录，只使用此处所述的接口，不访问其他地址。",
    ),
    parameters=(ETAG,),
    answers=_PAGE.answers,
    is_open=True,
)
_STUDIO_PART = Operation(
    method="get",
    path="/studio/{file}",
    id="getStudioFile",
    tag="studio",
    summary=Words("A file of the studio", "工作室的文件"),
    description=Words("Styles and scripts, and the icon.", "样式、脚本与图标。"),
    parameters=(_STUDIO_FILE, ETAG),
    answers=_PAGE_FILE.answers,
    codes=("not_found",),
    is_open=True,
)


def list_operations(_rules: Rules) -> tuple[Operation, ...]:
    """Return the doors."""
    return (_STUDIO, _STUDIO_PART, _DOCUMENT, _PAGE, _PAGE_FILE)
