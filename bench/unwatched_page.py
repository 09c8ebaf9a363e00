"""A page that nobody watches, as a person's is: no record of its requests is kept in its process.

A page of Playwright's own has the inspector's network log on, which keeps something of every request where the page's
memory is measured. This one is opened and spoken to over the same connection, without. Knows no studio.
"""

import json
import time
from typing import Any

from playwright.sync_api import Browser

ANSWER_SECONDS = 120
LOOK_SECONDS = 0.02


class UnwatchedPage:
    """A page of the browser, in a context of its own. The session is one of many: messages to it are wrapped."""

    def __init__(self, browser: Browser, url: str, *, width: int, height: int) -> None:
        self._connection = browser.new_browser_cdp_session()
        self._connection.on("Target.receivedMessageFromTarget", self._hear)
        self._answers: dict[int, dict[str, Any]] = {}
        self._sent = 0
        context = self._connection.send("Target.createBrowserContext")["browserContextId"]
        made = self._connection.send(
            "Target.createTarget", {"url": "about:blank", "browserContextId": context}
        )
        attached = self._connection.send(
            "Target.attachToTarget", {"targetId": made["targetId"], "flatten": False}
        )
        self._session = attached["sessionId"]
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._send("Emulation.setDeviceMetricsOverride", screen)
        self._send("Page.navigate", {"url": url})

    def evaluate(self, expression: str) -> Any:
        """Return what an expression comes to, waiting for it if it is a promise."""
        told = self._send(
            "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True}
        )
        if "exceptionDetails" in told:
            raise RuntimeError(told["exceptionDetails"])
        return told["result"].get("value")

    def wait_for(self, selector: str) -> None:
        """Wait until there is such an element."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while not self.evaluate(f"Boolean(document.querySelector({json.dumps(selector)}))"):
            if time.monotonic() > deadline:
                raise TimeoutError(selector)
            time.sleep(LOOK_SECONDS)

    def _send(self, method: str, params: dict[str, Any]) -> Any:
        self._sent += 1
        number, deadline = self._sent, time.monotonic() + ANSWER_SECONDS
        message = json.dumps({"id": number, "method": method, "params": params})
        self._connection.send("Target.sendMessageToTarget", {"sessionId": self._session, "message": message})
        while number not in self._answers:
            if time.monotonic() > deadline:
                raise TimeoutError(method)
            time.sleep(LOOK_SECONDS)
            self._connection.send("Browser.getVersion")  # events are handed over while something is asked
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def _hear(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self._answers[message["id"]] = message
