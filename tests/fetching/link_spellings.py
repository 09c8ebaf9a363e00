"""Spells links to an address in all the ways that have led a filter astray."""

from ipaddress import IPv4Address, IPv6Address

IPV4_TARGETS = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
]
IPV6_TARGETS = ["::", "::1", "2001:db8::1", "3fff::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"]

FULL_WIDTH = {character: character + 0xFEE0 for character in b"0123456789abcdef:"}
CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")


def spell(address: str) -> list[str]:
    """Return links to an address."""
    if ":" in address:
        hosts = _spell_ipv6(IPv6Address(address))
        return [f"https://{host}/p.png" for host in hosts] + _surround(f"[{address}]")
    hosts = _spell_ipv4(IPv4Address(address)) + _spell_inside_ipv6(IPv4Address(address))
    return [f"https://{host}/p.png" for host in hosts] + _surround(address)


def _spell_ipv4(address: IPv4Address) -> list[str]:
    number = int(address)
    first, second, third, fourth = address.packed
    text = str(address)
    return [
        text,
        str(number),
        f"{number:#x}",
        f"{number:#X}",
        f"0{number:o}",
        str(number + 2**32),
        f"0{first:o}.0{second:o}.0{third:o}.0{fourth:o}",
        f"{first:#x}.{second:#x}.{third:#x}.{fourth:#x}",
        f"{first:03}.{second:03}.{third:03}.{fourth:03}",
        f"{first}.{number & 0xFFFFFF}",
        f"{first}.{second}.{number & 0xFFFF}",
        f"{first:#x}.0{second:o}.{number & 0xFFFF}",
        text.replace(".", "。"),
        text.replace(".", "\N{FULLWIDTH FULL STOP}"),
        text.replace(".", "｡"),
        text.translate(FULL_WIDTH),
        text.translate(CIRCLED),
        f"{text}.",
        "".join(f"%{ord(character):02x}" for character in text),
        text.replace(".", "%2e"),
        text.replace(".", "\N{ZERO WIDTH SPACE}.", 1),
        text.replace(".", ".\N{SOFT HYPHEN}", 1),
        f"[{text}]",
    ]


def _spell_inside_ipv6(address: IPv4Address) -> list[str]:
    number = int(address)
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    flipped = IPv4Address(number ^ 0xFFFFFFFF)
    return [
        f"[::ffff:{address}]",
        f"[::ffff:{high}:{low}]",
        f"[0:0:0:0:0:FFFF:{high}:{low}]",
        f"[::ffff:{address}%25eth0]",
        f"[::{address}]",
        f"[::ffff:0:{address}]",
        f"[64:ff9b::{address}]",
        f"[64:ff9b:1::{address}]",
        f"[2002:{high}:{low}::1]",
        f"[2001:0:{high}:{low}:0:0:{flipped}]",
    ]


def _spell_ipv6(address: IPv6Address) -> list[str]:
    text = str(address)
    return [
        f"[{text}]",
        f"[{address.exploded}]",
        f"[{address.exploded.upper()}]",
        f"[{':'.join(group.lstrip('0') or '0' for group in address.exploded.split(':'))}]",
        f"[{text}%25eth0]",
        f"[{text}%eth0]",
        f"[{text}%2525eth0]",
        f"[{text.translate(FULL_WIDTH)}]",
        f"[{text}].",
        f"[{text}\N{ZERO WIDTH SPACE}]",
        f"%5B{text}%5D",
        f"{text}",
        f"[[{text}]]",
        f"[{text}]example.com",
    ]


def _surround(host: str) -> list[str]:
    return [
        f"https://example.com@{host}/p.png",
        f"https://user:secret@{host}/p.png",
        f"https://{host}@example.com/p.png",
        f"https://{host}\\@example.com/p.png",
        f"https://example.com\\@{host}/p.png",
        f"https://{host}#@example.com/p.png",
        f"https://example.com#@{host}/p.png",
        f"https://example.com?@{host}/p.png",
        f"https://{host}:0/p.png",
        f"https://{host}:65536/p.png",
        f"https://{host}:+443/p.png",
        f"https://{host}:443:80/p.png",
        f"https://{host}\t/p.png",
        f"https://{host}\r\n/p.png",
        f"ht\ntps://{host}/p.png",
        f" https://{host}/p.png",
        f"https://{host} /p.png",
        f"https:/{host}/p.png",
        f"https:{host}/p.png",
        f"https:///{host}/p.png",
        f"https:\\\\{host}\\p.png",
        f"//{host}/p.png",
        f"http://{host}/p.png",
        f"gopher://{host}/p.png",
    ]
