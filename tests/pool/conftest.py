"""The fixtures of these tests: see `credentials`."""

from credentials import start_pool

__all__ = ["start_pool"]
