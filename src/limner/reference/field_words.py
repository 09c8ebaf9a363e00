"""What fields mean, by record: all of them in one table, gathered from the modules that hold one group each."""

from msgspec import Struct

from limner.reference.words_answer import ANSWER_FIELDS, ANSWER_RECORDS
from limner.reference.words_chat import CHAT_FIELDS, CHAT_RECORDS
from limner.reference.words_images import IMAGES_FIELDS, IMAGES_RECORDS
from limner.reference.words_limner import LIMNER_FIELDS, LIMNER_RECORDS
from limner.reference.words_lists import LIST_FIELDS, LIST_RECORDS

Said = tuple[str, str]
"""English and Chinese."""

FIELD_WORDS: dict[type[Struct], dict[str, Said]] = {
    **CHAT_FIELDS,
    **ANSWER_FIELDS,
    **IMAGES_FIELDS,
    **LIST_FIELDS,
    **LIMNER_FIELDS,
}
RECORD_WORDS: dict[type[Struct], Said] = {
    **CHAT_RECORDS,
    **ANSWER_RECORDS,
    **IMAGES_RECORDS,
    **LIST_RECORDS,
    **LIMNER_RECORDS,
}
