"""Records of both wire formats, field names as on the wire. No logic and no I/O."""
