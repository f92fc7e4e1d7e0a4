#!/usr/bin/env python3
"""Writes the size and SHA-256 of every capture into the table at the end of README.md."""

import hashlib
import os

HEADING = "## Sizes and checksums\n"


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    rows = ["\n| file | bytes | SHA-256 |\n|---|---:|---|\n"]
    captures = [n for n in os.listdir(folder) if n.endswith(".flv")]
    for codec in ("av1", "h265"):
        captures += [f"{codec}/{n}" for n in os.listdir(os.path.join(folder, codec)) if n.endswith(".flv")]
    for name in sorted(captures):
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
        rows.append(f"| {name} | {len(data)} | `{hashlib.sha256(data).hexdigest()}` |\n")
    path = os.path.join(folder, "README.md")
    with open(path, encoding="utf8") as file:
        text, heading, _ = file.read().partition(HEADING)
    assert heading, "README.md has lost its table"
    with open(path, "w", encoding="utf8") as file:
        file.write(text + heading + "".join(rows))


if __name__ == "__main__":
    main()
