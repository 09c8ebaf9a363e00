"""Limner: a gateway that lets any OpenAI chat client draw with Google Gemini."""

__version__ = "0.1.0"
