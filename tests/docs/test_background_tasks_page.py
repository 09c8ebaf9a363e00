"""`docs/background-tasks.md` beside the forms that are recognised."""

from doc_tables import find_section, find_table, read_page

from limner.translate.task_forms import Kind

PAGE = read_page("background-tasks.md")
NAMES = {
    Kind.TITLE: "title",
    Kind.TAGS: "tags",
    Kind.FOLLOW_UPS: "follow-ups",
    Kind.QUERIES: "queries",
    Kind.COMPLETION: "autocompletion",
    Kind.PICTURE_PROMPT: "picture prompt",
    Kind.TOOL_CALLS: "choice of tools",
    Kind.FACE: "emoji of a mood",
    Kind.EMOJI: "emoji",
    Kind.SUMMARY: "summary",
    Kind.TRANSLATION: "translation",
    Kind.LANGUAGE: "language",
}


def test_every_kind_of_task_is_described() -> None:
    """The page names each kind of task that is recognised, and where its form was read."""
    rows = find_table(find_section(PAGE, "What is recognised"), "client")
    said = " ".join(what for _, what, _, _ in rows)
    assert set(NAMES) == set(Kind)
    assert [kind for kind, name in NAMES.items() if name not in said] == []
    assert all(source for _, _, source, _ in rows)
