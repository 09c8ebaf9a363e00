"""Google's two interfaces to the same models, the Developer API and Vertex AI: names, and how each lacks a model.

It must not know HTTP, settings or answers.
"""

from dataclasses import dataclass

from limner.emulator import failures
from limner.emulator.failures import GoogleError


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Which interface was called: `v1` or `v1beta` of the Developer API, or `v1` or `v1beta1` of Vertex AI.

    `project` and `location` are Vertex AI's, and empty in its express mode.
    """

    version: str
    vertex: bool = False
    project: str = ""
    location: str = ""

    @property
    def kind(self) -> str:
        """`vertex` or `gemini`."""
        return "vertex" if self.vertex else "gemini"

    @property
    def service(self) -> str:
        """The name Google's errors give the service."""
        return "aiplatform.googleapis.com" if self.vertex else failures.API_KEY_SERVICE

    @property
    def service_name(self) -> str:
        """The name people read. Vertex AI's is still its old one in errors (recorded before it was renamed)."""
        return "Vertex AI API" if self.vertex else "Generative Language API"

    def refuse_model(self, model: str, method: str) -> GoogleError:
        """The 404 for a model this interface does not have."""
        if not self.vertex:
            return failures.unknown_model(model, self.version, method)
        place = f"projects/{self.project}/locations/{self.location}/" if self.project else ""
        return failures.unknown_publisher_model(f"{place}publishers/google/models/{model}")
