"""Reads and writes the tags of an FLV file (Adobe FLV 10.1, Annex E.3 and E.4.1).

A tag is a tuple (type, time in ms, body). Types: 8 audio, 9 video, 18 script data. Only for files that
are well formed, as those of make.sh are: it is a tool of the tests, not a parser to copy.
"""

AUDIO, VIDEO, SCRIPT = 8, 9, 18


def read(path):
    """Returns the tags of the file, in its order."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:3] == b"FLV", f"{path}: not FLV"
    at = int.from_bytes(data[5:9], "big") + 4
    tags = []
    while at + 11 <= len(data):
        length = int.from_bytes(data[at + 1 : at + 4], "big")
        time = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
        tags.append((data[at], time, data[at + 11 : at + 11 + length]))
        at += 11 + length + 4
    return tags


def write(path, tags):
    """Writes the tags behind a header whose flags say what they hold."""
    flags = 4 * any(t == AUDIO for t, _, _ in tags) | any(t == VIDEO for t, _, _ in tags)
    with open(path, "wb") as file:
        file.write(b"FLV\x01" + bytes([flags]) + (9).to_bytes(4, "big") + bytes(4))
        for kind, time, body in tags:
            time &= 0xFFFF_FFFF
            file.write(bytes([kind]) + len(body).to_bytes(3, "big"))
            file.write((time & 0xFF_FFFF).to_bytes(3, "big") + bytes([time >> 24]) + bytes(3))
            file.write(body + (11 + len(body)).to_bytes(4, "big"))
