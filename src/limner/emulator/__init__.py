"""A stand-in for Google's Gemini image models, spoken to over their own HTTP interface.

It knows what Google does on the wire. It must not know Limner's gateway: no module of it is imported here, so that a
misreading of Google's format on one side cannot hide behind the same misreading on the other.
"""
