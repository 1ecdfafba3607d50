"""Requests that somebody has damaged: each is answered or hung up on, and none is worth a line in the log."""

import random

from fuzz import control_socket

COUNT = 600
_DAMAGED = (
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b" ",
    b":",
    b"\xff",
    b"%",
    b"chunked",
    b"Transfer-Encoding: chunked\r\n",
    b"-1",
    b"9" * 30,
)


def damaged(request: bytes, chance: random.Random) -> bytes:
    """A request with a few of its bytes changed, gone, or told again."""
    text = bytearray(request)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(5):
            case 0:
                text[at : at + 1] = bytes((chance.randrange(256),))
            case 1:
                del text[at : at + chance.randint(1, 8)]
            case 2:
                text[at:at] = chance.choice(_DAMAGED)
            case 3:
                text[at:at] = chance.choice(control_socket.WORDS)
            case _:
                text[at:at] = text[at : at + chance.randint(1, 40)]
    return bytes(text)


def test_no_damage_to_a_request_leaves_a_line_in_the_log() -> None:
    chance = random.Random(18)  # noqa: S311 - the same every time
    seeds = list(control_socket.seeds())
    for _ in range(COUNT):
        control_socket.one(damaged(chance.choice(seeds), chance))
