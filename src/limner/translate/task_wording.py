# ruff: noqa: RUF001 - Chinese and Japanese have punctuation of their own
"""Words titles, tags, suggestions and summaries of a conversation about pictures, without a model. Pure.

It must not know who asked or in what form it is sent. What it makes is modest: the first words of what the user
said, in the user's language as far as its letters tell it.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from limner.translate.task_quotes import Utterance

MAX_WORDS = 5
MAX_CHARACTERS = 50
_MAX_HAN = 10
_READ_CHARACTERS = 2000
_MAX_REQUEST_CHARACTERS = 160
_MAX_REQUESTS = 8

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
)
LOCALES = {"ja": "ja-JP", "ko": "ko-KR", "zh": "zh-CN", "ru": "ru-RU", "ar": "ar", "en": "en-US"}
LANGUAGE_NAMES = {
    "ja": "Japanese",
    "ko": "Korean",
    "zh": "Chinese",
    "ru": "Russian",
    "ar": "Arabic",
    "en": "English",
}

_MARKUP = re.compile(r"[*_`#>|~\"“”«»「」『』{}<>\[\]()（）《》]+")
_CLAUSE_END = re.compile(r"[.,;:!?…](?=\s|$)|[\n。，；：！？、]|\s[-–—]\s")
_ENGLISH_OPENING = re.compile(
    r"(?:(?:hi|hello|hey|please|kindly|ok|okay|now)\b[ ,]*"
    r"|(?:can|could|would|will) you\b"
    r"|i(?:'d|’d| would)? (?:like|want|need)(?: you)?(?: to)?(?: have| see| draw)?\b"
    r"|(?:let's|let’s|help me)\b"
    r"|(?:draw|paint|sketch|create|generate|design|render|illustrate|produce|imagine|make|show|give)"
    r"(?= (?:me|us|a|an|the|some|my|our|one|two|three|four|five)\b)"
    r"|(?:me|us)\b"
    r"|(?:an?|the|some) (?:picture|image|photo|photograph|drawing|illustration)s? (?:of|showing|with)\b"
    r"|(?:an?|the|some)\b) *",
    re.IGNORECASE,
)
_TRAILING_WORDS = frozenset(
    (
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
        "is",
    )
)
_EDGES = " '’.,;:!?-"
_GREETING = re.compile(
    r"(?:hi|hello|hey|please|ok|okay|thanks|thank you|你好|您好|嗨|谢谢|こんにちは)", re.IGNORECASE
)
_CHINESE_OPENING = re.compile(
    r"你好|您好|请|請|帮我|幫我|给我|給我|替我|麻烦你?|能不能|能否|可以(?=帮|画|给|生)|我?想要|我要|一下"
    r"|(?:绘制|生成|创作|创建|制作|设计|画|繪製|創作|畫|来)(?=[一个個张張幅只隻副出下两三])|[一]?[张張幅副]|一[个個](?=[^人月年])"
)
_CHINESE_ENDING = re.compile(r"的?(?:图片|圖片|图像|照片|的画)$")
_JAPANESE_ENDING = re.compile(
    r"(?:の(?:絵|画像|イラスト|写真))?を?(?:描いて|書いて|作って|生成して)(?:ください|下さい)?$"
)

_NO_TITLE = {"zh": "新图片", "ja": "新しい画像"}
_FOLLOW_UPS = {
    "en": (
        "Change the light to a warm evening",
        "Draw the same scene as a watercolour",
        "Show it from further away in a 16:9 frame",
    ),
    "zh": ("把光线改成温暖的傍晚", "用水彩风格重画同样的场景", "拉远镜头，改成 16:9 画幅"),
    "ja": ("光を暖かい夕方に変えて", "同じ場面を水彩画風に描いて", "もっと引いた構図で 16:9 にして"),
}
_SUMMARIES = {
    "en": ("The user asked for these pictures, in this order: ", "“{}”", "; ", "."),
    "zh": ("用户依次要求了这些图片：", "“{}”", "；", "。"),
    "ja": ("ユーザーが順に頼んだ画像：", "「{}」", "、", "。"),
}


class Topic(Struct, frozen=True):
    """What pictures are often of."""

    emoji: str
    tag: str
    chinese_tag: str
    words: re.Pattern[str]


def _topic(emoji: str, tag: str, chinese_tag: str, english: str, chinese: str) -> Topic:
    return Topic(emoji, tag, chinese_tag, re.compile(rf"\b(?:{english})s?\b|{chinese}", re.IGNORECASE))


TOPICS = (
    _topic(
        "✏️",
        "Design",
        "设计",
        "logo|icon|poster|banner|sticker|flyer|label",
        "标志|图标|海报|贴纸|ロゴ|ポスター",
    ),
    _topic(
        "🐾",
        "Animals",
        "动物",
        "cat|kitten|dog|puppy|horse|bird|fox|bear|fish|animal|owl",
        "[猫狗马鸟熊鱼犬]|狐狸|动物",
    ),
    _topic(
        "🚀",
        "Space",
        "太空",
        "rocket|planet|galaxy|astronaut|space|moon|mars",
        "太空|宇宙|火箭|行星|月球|宇航员",
    ),
    _topic(
        "🍰",
        "Food",
        "美食",
        "cake|food|pizza|burger|coffee|bread|soup|fruit|dessert",
        "蛋糕|美食|咖啡|面包|水果|料理",
    ),
    _topic(
        "🚗",
        "Vehicles",
        "交通",
        "car|truck|train|bicycle|motorcycle|ship|boat|plane",
        "汽车|火车|自行车|飞机|轮船",
    ),
    _topic("🌸", "Plants", "植物", "flower|rose|tree|garden|tulip|leaf|plant", "[花树]|植物|花园|桜"),
    _topic("🌊", "Sea", "海洋", "sea|ocean|beach|wave|lighthouse|harbour|harbor|coast", "[海]|灯塔|沙滩"),
    _topic(
        "🏙️",
        "Architecture",
        "建筑",
        "city|house|castle|building|street|tower|bridge|skyline",
        "城市|房子|城堡|建筑|街|塔",
    ),
    _topic(
        "🌄",
        "Landscapes",
        "风景",
        "mountain|forest|lake|river|desert|sunset|sunrise|landscape",
        "[山湖河]|森林|沙漠|日落|风景",
    ),
    _topic(
        "👤",
        "People",
        "人物",
        "portrait|man|woman|girl|boy|child|person|people|selfie",
        "人像|肖像|男人|女人|女孩|男孩|人物",
    ),
)
NO_TOPIC = Topic("🎨", "Art", "艺术", re.compile(r"(?!)"))


def find_language(text: str) -> str:
    """Return the language that the letters of `text` are of; English for all that is written like it."""
    return next((language for language, letters in _SCRIPTS if letters.search(text)), "en")


def find_topic(text: str) -> Topic:
    """Return the first topic that is named in `text`."""
    return next((topic for topic in TOPICS if topic.words.search(text[:_READ_CHARACTERS])), NO_TOPIC)


def word_title(conversation: Sequence[Utterance], max_characters: int = MAX_CHARACTERS) -> str:
    """Return the first words that a user said, without how they asked for it: at most five, or ten of Chinese."""
    said = next((utterance.text for utterance in conversation if utterance.is_users), "")
    language = find_language(said[:_READ_CHARACTERS])
    clauses = _CLAUSE_END.split(_MARKUP.sub(" ", said[:_READ_CHARACTERS]))
    for clause in clauses:
        shown = _strip_asking(" ".join(clause.split()), language)
        title = "" if _GREETING.fullmatch(shown) else _shorten(shown, language, max_characters)
        if title:
            return title
    return _NO_TITLE.get(language, "New picture")


def _strip_asking(clause: str, language: str) -> str:
    if language == "ja":
        return _JAPANESE_ENDING.sub("", clause)
    opening = _CHINESE_OPENING if language == "zh" else _ENGLISH_OPENING
    rest = clause
    while (found := opening.match(rest)) is not None:
        rest = rest[found.end() :].lstrip()
    return _CHINESE_ENDING.sub("", rest) if language == "zh" else rest


def _shorten(clause: str, language: str, max_characters: int) -> str:
    words = clause.split()
    if language in {"zh", "ja"} and len(words) < MAX_WORDS:
        limit = _MAX_HAN if language == "zh" else _MAX_HAN + MAX_WORDS
        return clause[: min(limit, max_characters)].strip(_EDGES)
    kept = words[:MAX_WORDS]
    while len(kept) > 1 and (
        len(" ".join(kept)) > max_characters
        or (len(words) > len(kept) and kept[-1].lower() in _TRAILING_WORDS)
    ):
        kept.pop()
    title = " ".join(kept)[:max_characters].strip(_EDGES)
    return title[:1].upper() + title[1:]


def capitalize_words(title: str) -> str:
    """Return `title` as an English headline has it."""
    words = title.split()
    return " ".join(
        word if number and word in _TRAILING_WORDS else word[:1].upper() + word[1:]
        for number, word in enumerate(words)
    )


def word_tags(conversation: Sequence[Utterance]) -> list[str]:
    """Return one to two tags. Open WebUI's own rule for a chat of less than three messages is `General`."""
    if len(conversation) < 3:
        return ["General"]
    said = _join_users(conversation)
    is_chinese = find_language(said) == "zh"
    topics = (NO_TOPIC, find_topic(said))
    return list(dict.fromkeys(topic.chinese_tag if is_chinese else topic.tag for topic in topics))


def word_follow_ups(conversation: Sequence[Utterance]) -> list[str]:
    """Return three edits a user might ask for next."""
    return list(_FOLLOW_UPS.get(find_language(_join_users(conversation)), _FOLLOW_UPS["en"]))


def word_summary(conversation: Sequence[Utterance]) -> str:
    """Return what the user asked for, the last requests, each shortened."""
    head, quoted, between, end = _SUMMARIES.get(find_language(_join_users(conversation)), _SUMMARIES["en"])
    requests = [" ".join(said.text.split()) for said in conversation if said.is_users][-_MAX_REQUESTS:]
    return head + between.join(quoted.format(asked[:_MAX_REQUEST_CHARACTERS]) for asked in requests) + end


def _join_users(conversation: Sequence[Utterance]) -> str:
    return "\n".join(said.text[:_READ_CHARACTERS] for said in conversation if said.is_users)
