"""What a worker does beside gateways, and who does it when there is none."""

from crews import AT_ONCE, Crew

from asking import ask
from audits import read_only_row

FOLDERS = "SELECT count(*) FROM generations WHERE folder IS NOT NULL"


def test_retention_is_the_workers(crew: Crew) -> None:
    """What the worker is told to let go goes from books and store, though the gateway would keep it for a month."""
    gateway = crew.start_gateway("first")
    generation_id = crew.draw(gateway, "had")
    crew.wait_until_shared()
    assert len(crew.s3.list_objects()) == 2
    crew.start_worker("worker", AT_ONCE)
    crew.wait_for(FOLDERS, (0,))
    crew.wait_until_removed()
    assert ask(gateway, path=f"/v1/chat/completions/{generation_id}").status == 404
    row = read_only_row(crew.books)
    assert (row.state, row.entries) == ("settled", ("reserve", "post"))
    assert crew.book.count_charges() == 1
