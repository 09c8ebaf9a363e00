"""Links on gateways that share books and a store: each of them knows the links of all, and forgets them at once."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from linking import assert_refused, get, sign

from asking import Reply, ask, digest
from fleet import Fleet, wait_until
from gateways import MortalGateway
from orders import Order


def draw(gateway: MortalGateway, order: Order) -> tuple[str, str]:
    """Draw what is ordered; return the answer's id and the picture's."""
    answer = ask(gateway, order.to_body()).json()
    (image,) = answer["limner"]["images"]
    return answer["id"], image["id"]


def test_every_gateway_knows_every_link(fleet: Fleet) -> None:
    """A picture that one gateway drew is shown by each, and is still there when that one is not."""
    first, second = fleet.start("first"), fleet.start("second")
    _, picture_id = draw(first, Order(call="shown", size_bytes=300_000))
    (sha256,) = fleet.book.find("shown").pictures
    link = sign(picture_id)
    for gateway in (first, second):
        assert digest(get(gateway, link).body) == sha256
    first.kill()
    assert digest(get(second, link).body) == sha256
    assert digest(get(fleet.start("third"), link).body) == sha256


def test_deleting_it_anywhere_ends_a_link_everywhere(fleet: Fleet) -> None:
    """When one gateway has answered DELETE, no gateway shows the picture, though copies are still on their disks."""
    first, second = fleet.start("first"), fleet.start("second")
    completion_id, picture_id = draw(first, Order(call="unwanted"))
    link = sign(picture_id)
    assert [get(gateway, link).status for gateway in (first, second)] == [200, 200]
    assert ask(second, path=f"/v1/chat/completions/{completion_id}", method="DELETE").status == 200
    for gateway in (first, second):
        assert_refused(get(gateway, link), 404, "not_found")


def test_a_picture_on_its_way_to_the_store_is_waited_for(fleet: Fleet) -> None:
    """While only the gateway that drew it has a picture, that one shows it at once, and another once it is shared."""
    first, second = fleet.start("first"), fleet.start("second")
    fleet.s3.cut()
    _, picture_id = draw(first, Order(call="late"))
    (sha256,) = fleet.book.find("late").pictures
    link = sign(picture_id)
    assert digest(get(first, link).body) == sha256
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(get, second, link)
        time.sleep(1)
        assert not waiting.done()
        fleet.s3.restore()
        assert digest(waiting.result(60).body) == sha256


def test_many_may_look_at_once(fleet: Fleet) -> None:
    """Of many who want a picture that a gateway lacks each gets all of it, and one copy is left."""
    first, second = fleet.start("first"), fleet.start("second")
    _, picture_id = draw(first, Order(call="popular", size_bytes=2_000_000))
    (sha256,) = fleet.book.find("popular").pictures
    fleet.wait_until_shared()
    link = sign(picture_id)
    with ThreadPoolExecutor(12) as threads:
        replies: list[Reply] = list(threads.map(lambda _: get(second, link), range(12)))
    assert {(reply.status, digest(reply.body)) for reply in replies} == {(200, sha256)}
    (copy,) = second.place.data.rglob("picture-1.png")
    assert [path.name for path in copy.parents[1].iterdir()] == [copy.parent.name]


@pytest.mark.parametrize("what", ["gone", "file gone", "cut"])
def test_a_spoilt_copy_is_fetched_again(what: str, fleet: Fleet) -> None:
    """A picture whose copy on this disk was lost or cut is shown from the shared store."""
    first = fleet.start("first")
    _, picture_id = draw(first, Order(call="spoilt"))
    (sha256,) = fleet.book.find("spoilt").pictures
    fleet.wait_until_shared()
    (picture,) = first.place.data.rglob("picture-1.png")
    if what == "gone":
        shutil.rmtree(picture.parent)
    elif what == "file gone":
        picture.unlink()
    else:
        picture.write_bytes(b"short")
    assert digest(get(first, sign(picture_id)).body) == sha256
    assert picture.stat().st_size > len(b"short")


def test_a_picture_that_is_nowhere(fleet: Fleet) -> None:
    """What is neither on this disk nor in the store is 404, not a fault."""
    first = fleet.start("first")
    _, picture_id = draw(first, Order(call="nowhere"))
    fleet.wait_until_shared()
    (picture,) = first.place.data.rglob("picture-1.png")
    shutil.rmtree(picture.parent)
    fleet.s3.open_bucket().delete(list(fleet.s3.list_objects()))
    wait_until(lambda: fleet.s3.list_objects() == {})
    assert_refused(get(first, sign(picture_id)), 404, "not_found")
