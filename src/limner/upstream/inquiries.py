"""What is asked of Gemini for nothing: which models there are, and how many tokens something has. Any credential will do."""

from collections.abc import Callable

from limner.errors import GatewayError, UpstreamUnavailable
from limner.upstream.call_body import CallBody
from limner.upstream.client import GeminiClient
from limner.upstream.pool import Pool
from limner.wire.gemini import DEVELOPER


class Inquiries:
    """Asks with the credentials of a pool."""

    def __init__(self, pool: Pool, client: GeminiClient) -> None:
        self._pool = pool
        self._client = client

    async def list_models(self) -> frozenset[str]:
        """Return the ids of the models that any upstream lists. Raises GatewayError: none could be asked.

        Vertex AI has no such list of Google's models (2026-11), so what it serves beyond the catalogue is named by `models`.
        """
        ids: set[str] = set()
        failure: GatewayError | None = None
        has_answered = False
        named = {
            model_id for credential in self._pool.credentials for model_id in credential.models or frozenset()
        }
        for base_url in dict.fromkeys(c.base_url for c in self._pool.credentials if c.kind == DEVELOPER):
            credential = self._pool.choose(kind=DEVELOPER, base_url=base_url)
            if credential is None:
                continue
            try:
                ids |= await self._client.list_models(credential)
                has_answered = True
            except GatewayError as error:
                failure = error
        if failure is not None and not has_answered:
            raise failure
        return frozenset(ids | named)

    async def count_tokens(
        self, model_id: str, build: Callable[[str], bytes | CallBody]
    ) -> tuple[int, bytes]:
        """Return status and body of Gemini's answer to a countTokens call. Raises GatewayError.

        `build` returns the body for a kind of upstream.
        """
        credential = self._pool.choose(kind=DEVELOPER, model_id=model_id) or self._pool.choose(
            model_id=model_id
        )
        if credential is None:
            raise UpstreamUnavailable(
                f"No upstream of this gateway serves the model {model_id!r}.", code="upstream_unavailable"
            )
        return await self._client.count_tokens(credential, model_id, build(credential.kind))
