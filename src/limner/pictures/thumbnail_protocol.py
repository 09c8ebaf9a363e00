"""What is said between the gateway and the process that makes thumbnails: lengths, before what they are of."""

import struct

REQUEST = struct.Struct(">I")
"""How many pixels the longer side may have; an open file comes with it."""

ANSWER = struct.Struct(">I")
"""How many bytes the thumbnail has, which follows; 0: none can be made."""
