"""Pictures that a client names by a foreign link. Knows nothing of doors, spools or settings."""
