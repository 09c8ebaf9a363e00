"""`python -m limner.emulator`: the emulator as a program of its own.

It knows the options and nothing of how a request is answered.
"""

import argparse
import sys

from limner.emulator.server import serve


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; a wrong option ends the program with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m limner.emulator",
        description="A stand-in for Google's Gemini image models.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001, help="0 takes a free port")
    parser.add_argument(
        "--accept-dummy-signature",
        action="store_true",
        help="take the two well-known dummy thought signatures on pictures",
    )
    parser.add_argument(
        "--signature-bytes",
        type=int,
        default=65_536,
        metavar="N",
        help="characters of each thought signature (default: 65536)",
    )
    parser.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="end when standard input reaches its end",
    )
    return parser.parse_args(arguments)


def main() -> None:
    """Serve until a signal, or the end of standard input where asked for; a port that is taken is told in one line."""
    options = read_arguments(sys.argv[1:])
    try:
        serve(
            host=options.host,
            port=options.port,
            accept_dummy_signature=options.accept_dummy_signature,
            signature_bytes=options.signature_bytes,
            exit_with_parent=options.exit_with_parent,
        )
    except OSError as error:
        sys.exit(f"The emulator cannot listen on {options.host}:{options.port}: {error.strerror}")


if __name__ == "__main__":
    main()
