#!/usr/bin/env python3
"""judge_torture.py SHARED: the judge over the rows of the torture matrix.

The tests of tests/engine/torture.rs write their streams as FLV files; flv2hls makes HLS of each, and hlscheck.py of
SHARED/judge looks at that, with the stream beside it. WAIVED are the rules that a row breaks by what it is.
"""

import os
import subprocess
import sys
import tempfile

from common import ROOT, Checks
from judge_matrix import run_engine, run_judge

FRAG_DURATION, FRAG_COUNT = 5, 3

# By the beginning of the test's name, with the reason.
WAIVED = {
    # Times that step back are moved on by ticks until the input has caught up. Audio may be a burst, and goes on as before
    # for half a second (Y-07).
    "r_62_": ["ES.A_PTS", "ES.A_PTS_GAP", "ES.V_DTS", "ES.V_PTS"],
    "r_63_": ["ES.A_PTS", "ES.A_PTS_GAP"],
    # PTS before the tag's time: DTS of the whole track runs early, so that PTS is exact.
    "r_71_": ["ES.V_DTS"],
    # The header of audio comes five seconds late, in H.264 and in H.265: what came before it joins at the cut can't be
    # placed.
    "r_72_audio_that_starts_later_stays_later.2": ["ES.AV_SYNC", "ES.A_EXTRA", "ES.A_MISSING"],
    "r_72_audio_that_starts_later_stays_later.3": ["ES.AV_SYNC", "ES.A_EXTRA", "ES.A_MISSING"],
    # A jump in mid-GOP opens without a key frame, by choice, and the picture that makes it is dropped.
    "r_78_": ["SEG.START_NONKEY", "ES.V_MISSING"],
    # Audio of the old timeline behind the jump is dropped.
    "r_79_": ["ES.A_MISSING"],
}


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as scratch:
        streams = os.path.join(scratch, "streams")
        os.makedirs(streams)
        environment = {**os.environ, "STREAMS_FOLDER": streams}
        command = ["cargo", "test", "--quiet", "--test", "engine", "torture::"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        for name in sorted(os.listdir(streams)):
            flv = os.path.join(streams, name)
            out, log = os.path.join(scratch, name, "out"), os.path.join(scratch, name, "log")
            os.makedirs(out)
            os.makedirs(log)
            code, said = run_engine(flv, out, log, FRAG_DURATION, FRAG_COUNT)
            waived = next((rules for row, rules in WAIVED.items() if name.startswith(row)), [])
            entry = {"expect": "clean", "waive": waived, "args": {}}
            broken = run_judge(sys.argv[1], entry, flv, out, log, FRAG_DURATION, FRAG_COUNT)
            if code != 0:
                broken.append(("EXIT", f"exit code {code}: {said[-200:]}"))
            detail = "; ".join(f"{rule} {text}" for rule, text in broken)
            checks.check(not broken, name.removesuffix(".flv"), detail)
    checks.close()


if __name__ == "__main__":
    main()
