"""One call to Gemini, start to end: claim, send, receive, store, settle, and afterwards answer from the store."""
