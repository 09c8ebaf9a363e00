"""Picture bytes: receiving, measuring and reading them back. Knows nothing of chats, models or money."""
