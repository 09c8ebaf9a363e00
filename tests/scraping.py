"""Makes calls of every kind at a gateway, and reads what it counted of them. Judges nothing."""

import re
import threading
import time
from collections import defaultdict
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from asking import PROMPT, ask, asking, chat
from programs import Gateway

UNSEEN: Mapping[str, set[str]] = {"limner_upstream_parked": {"upstream", "model", "reason"}}
"""What has no sample until something happens that these calls do not bring about: told, with its labels by its source."""


def read_metrics(gateway: Gateway, admin_key: str) -> str:
    """Return what the door tells."""
    reply = ask(gateway, path="/metrics", key=admin_key)
    assert reply.status == 200
    return reply.body.decode()


def list_labels(*texts: str) -> dict[str, set[str]]:
    """Return the labels of every sample's name, `le` too, in any of the texts; of what has no sample, those of UNSEEN."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for text in texts:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found[sample.name] |= set(sample.labels)
            if family.name in UNSEEN and not family.samples:
                found[family.name] |= UNSEEN[family.name]
    return dict(found)


def name_family(sample_name: str) -> str:
    """Return a metric's name as it is written about: a histogram without what its samples add."""
    return re.sub(r"_(bucket|sum|count)$", "", sample_name)


def call_in_every_way(gateway: Gateway) -> None:
    """Make calls that end in every way there is, at several doors."""
    body = chat()
    for _ in range(2):
        ask(gateway, body, headers={"Idempotency-Key": "of-the-metrics"})
    for told in (
        "[[status=503]] [[times=1]]",
        "[[status=400]]",
        "[[cut=50%]]",
        "[[block=PROHIBITED_CONTENT]]",
    ):
        ask(gateway, chat(f"{PROMPT} {told}"))
    ask(gateway, {"model": "nano-banana-2", "prompt": PROMPT}, path="/v1/images/generations")
    ask(
        gateway,
        {"contents": [{"parts": [{"text": PROMPT}]}]},
        path="/v1beta/models/nano-banana:generateContent",
    )
    ask(gateway, chat(model="no-such-model"))
    ask(gateway, path="/nowhere")
    with asking(gateway, chat(f"{PROMPT} [[delay=1s]]")):
        time.sleep(0.3)  # and gone


def read_while_a_call_runs(gateway: Gateway, admin_key: str) -> str:
    """Return what the door tells while a call is under way."""
    running = threading.Thread(target=ask, args=(gateway, chat(f"{PROMPT} [[delay=3s]]")))
    running.start()
    text = ""
    ends_at = time.monotonic() + 10
    while "limner_open_generations{" not in text and time.monotonic() < ends_at:
        text = read_metrics(gateway, admin_key)
    running.join()
    return text


def scrape(gateway: Gateway, admin_key: str) -> dict[str, set[str]]:
    """Return the labels of all that a gateway counts, once there is something to count of everything."""
    call_in_every_way(gateway)
    during = read_while_a_call_runs(gateway, admin_key)
    return list_labels(during, read_metrics(gateway, admin_key))
