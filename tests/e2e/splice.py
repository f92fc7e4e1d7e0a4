#!/usr/bin/env python3
"""splice.py FIRST.flv SECOND.flv OUT.flv [GAP_MS]: one encoder session after another in one stream.

The second capture comes with its own sequence headers. Without GAP_MS its clock restarts at 0, as after a
reconnect; with it, its clock begins so many milliseconds after the last tag of the first.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../testdata"))
import flvtags


def main(first, second, out, gap=None):
    head, tail = flvtags.read(first), flvtags.read(second)
    start = 0 if gap is None else max(time for _, time, _ in head) + int(gap)
    flvtags.write(out, head + [(kind, time + start, body) for kind, time, body in tail])


if __name__ == "__main__":
    main(*sys.argv[1:])
