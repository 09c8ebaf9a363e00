"""Whatever three owners do at one gateway, with equal calls and equal keys, none ever sees a thing of another's.

Hypothesis makes up what they do; one of them has two API keys.
"""

import secrets
from collections import defaultdict
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from leaving import CHAT_PATH, LeavingClient, collect, list_answers, name_generation, read_pictures

from asking import PROMPT, Reply, ask, chat, digest
from painting import Painter, wait_until
from programs import Gateway

OWNERS = {"ann": "ann", "bob": "bob", "cid": "cid", "cid again": "cid"}

names = st.sampled_from(sorted(OWNERS))
modes = st.booleans()
few = st.integers(0, 1)


class World:
    """The gateway, and what belongs to whom: pictures by their digests, generations by their ids."""

    def __init__(self, gateway: Gateway, painter: Painter) -> None:
        self.gateway = gateway
        self.painter = painter
        self.keys = {name: gateway.create_key(name, "--owner", owner) for name, owner in OWNERS.items()}
        self.pictures: defaultdict[str, set[str]] = defaultdict(set)
        self.ids: defaultdict[str, set[str]] = defaultdict(set)
        self._counted = 0

    def attribute(self, name: str) -> None:
        """Give what was painted since the last step to its only actor."""
        fresh = self.painter.pictures[self._counted :]
        self._counted += len(fresh)
        self.pictures[OWNERS[name]] |= {digest(picture) for picture in fresh}

    def check(self, name: str, reply: Reply) -> None:
        """Check that an answer shows its reader only what is its own."""
        owner = OWNERS[name]
        generation_id = name_generation(reply)
        others = set().union(*(ids for other, ids in self.ids.items() if other != owner))
        assert generation_id not in others
        self.ids[owner].add(generation_id)
        assert {digest(picture) for picture in read_pictures(reply)} <= self.pictures[owner]


def make_machine(world: World) -> type[RuleBasedStateMachine]:
    """Return the machine of what the owners may do in `world`."""

    class Owners(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.token = secrets.token_hex(4)
            self.used: dict[tuple[str, str], str] = {}

        def ask(self, number: int, *, is_stream: bool) -> dict[str, Any]:
            return chat(f"{PROMPT} {self.token} {number}", stream=is_stream)

        @rule(name=names, number=few, is_stream=modes, retry=st.sampled_from(["0", "1"]))
        def draw(self, name: str, number: int, retry: str, *, is_stream: bool) -> None:
            asked = self.ask(number, is_stream=is_stream)
            reply = ask(
                world.gateway, asked, key=world.keys[name], headers={"x-stainless-retry-count": retry}
            )
            world.attribute(name)
            world.check(name, reply)

        @rule(name=names, number=few, key=few, is_stream=modes)
        def draw_with_key(self, name: str, number: int, key: int, *, is_stream: bool) -> None:
            given = f"{self.token}-{key}"
            reply = ask(
                world.gateway,
                self.ask(number, is_stream=is_stream),
                key=world.keys[name],
                headers={"Idempotency-Key": given},
            )
            world.attribute(name)
            first = self.used.setdefault((OWNERS[name], given), str(number))
            if first != str(number):
                assert reply.status == 422
                return
            world.check(name, reply)
            listed = list_answers(world.gateway, f"idempotency_key={given}", world.keys[name])
            assert {note["generation_id"] for note in listed} == {name_generation(reply)}

        @rule(name=names, number=few, is_stream=modes)
        def leave(self, name: str, number: int, *, is_stream: bool) -> None:
            key = world.keys[name]
            before = world.gateway.said.count(f"POST {CHAT_PATH}")
            with LeavingClient(world.gateway, self.ask(number, is_stream=is_stream), key=key):
                pass
            wait_until(lambda: world.gateway.said.count(f"POST {CHAT_PATH}") > before)
            wait_until(
                lambda: (
                    "in_progress"
                    not in {note["status"] for note in list_answers(world.gateway, "undelivered=true", key)}
                )
            )
            world.attribute(name)

        @rule(name=names, data=st.data())
        def collect(self, name: str, data: st.DataObject) -> None:
            ids = {one for ids in world.ids.values() for one in ids}
            chosen = data.draw(st.integers(0, 10_000)) % (len(ids) + 1)
            generation_id = sorted([*ids, f"gen_{secrets.token_hex(16)}"])[chosen]
            reply = collect(world.gateway, generation_id, "", world.keys[name])
            if generation_id in world.ids[OWNERS[name]]:
                world.check(name, reply)
            else:
                assert reply.status == 404
                assert name_generation(reply) is None

        @rule(name=names, query=st.sampled_from(["undelivered=true&", "", "order=desc&"]))
        def list(self, name: str, query: str) -> None:
            reply = ask(world.gateway, path=f"{CHAT_PATH}?{query}limit=100", key=world.keys[name])
            listed = {note["generation_id"] for note in reply.json()["data"]}
            owner = OWNERS[name]
            assert not listed & set().union(*(ids for other, ids in world.ids.items() if other != owner))
            world.ids[owner] |= listed

    return Owners


def test_owners_never_meet(painter: Painter, scripted_gateway: Gateway) -> None:
    """No order of draws, repeats, losses, look-ups and lists shows an owner a picture or an id of another's."""
    world = World(scripted_gateway, painter)
    run_state_machine_as_test(
        make_machine(world),
        settings=settings(
            max_examples=15,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert all(world.pictures[owner] for owner in OWNERS.values())
