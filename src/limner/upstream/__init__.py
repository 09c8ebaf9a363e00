"""Calls to Gemini: the connection, its credentials and its failures. Knows nothing of clients or storage."""
