#!/usr/bin/env python3
"""judge_matrix.py SHARED [--fd 1,2,5] [--fc 1,3,100] [--only TEXT] [--jobs 2]: the judge over all streams.

Runs flv2hls on every stream of SHARED/streams, damaged ones included, and of SHARED/field, for every FragDuration and
FragCount, and hlscheck.py of SHARED/judge on what comes out. What a stream may break follows its manifest: `clean` nothing but
its waivers, `lossy` what damage explains, `unsupported` the absent streams, `reject` must give no segment.
judge_known.txt lists the verdicts that our specification overrules.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from common import ENGINE, HERE

LOSSY = (
    "SEG.START_NONKEY SEG.START_PS SEG.START_WEAKKEY SEG.CUT_EARLY SEG.CUT_LATE SEG.FORCED_LATE SEG.EMPTY "
    "TS.PTS_INTERVAL TS.PCR_DTS TS.PCR_INTERVAL TS.PCR_NONE TS.ES_START TS.AUD TS.AU_PER_PES TS.ADTS "
    "PL.EXTINF PL.EXTINF_DRIFT"
).split()
UNSUPPORTED = "ES.CODEC ES.V_MISSING ES.HEAD_DROP".split()
AUDIO_TOLERANCE_MS = 50
FRAG_DURATIONS = [1, 2, 5]
FRAG_COUNTS = [1, 3, 100]


def numbers(text):
    return [int(n) for n in text.split(",")]


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared")
    parser.add_argument("--fd", type=numbers, default=FRAG_DURATIONS, help="FragDurations, in seconds")
    parser.add_argument("--fc", type=numbers, default=FRAG_COUNTS, help="FragCounts")
    parser.add_argument("--only", default="", help="only streams whose name contains this")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def manifest(shared, only):
    """Returns the entries of all manifests."""
    entries = []
    for folder, kind in (("streams", "made"), ("streams", "real"), ("field", "field")):
        path = os.path.join(shared, folder, f"manifest-{kind}.json")
        if os.path.exists(path):
            with open(path, encoding="utf8") as file:
                entries += [{**e, "folder": folder} for e in json.load(file)]
    return [e for e in entries if only in e["file"]]


def known_verdicts():
    """Returns the (stream, rule) pairs of judge_known.txt."""
    with open(os.path.join(HERE, "judge_known.txt"), encoding="utf8") as file:
        rows = [line.split(None, 2) for line in file if line.strip() and line[0] != "#"]
    for row in rows:
        assert len(row) == 3, f"judge_known.txt: a reason is missing: {row}"
    return {(stream, rule) for stream, rule, _ in rows}


def run_engine(flv, out, log, fd, fc):
    """Returns (exit code or None on a time-out, standard error)."""
    command = [ENGINE, flv, out, "--playlist-log", log, "--keep-all"]
    command += ["--frag-duration", str(fd), "--frag-count", str(fc)]
    try:
        run = subprocess.run(command, capture_output=True, timeout=120)
    except subprocess.TimeoutExpired:
        return None, ""
    return run.returncode, run.stderr.decode("utf8", "replace").strip()


def run_judge(shared, entry, flv, out, log, fd, fc):
    """Returns the broken rules that the manifest does not waive, as a list of (rule, text)."""
    command = [sys.executable, os.path.join(shared, "judge/hlscheck.py"), "--dir", out, "--playlist-log", log]
    command += ["--expect-end", "--frag-duration", str(fd), "--frag-count", str(fc), "--json"]
    command += ["--audio-tol-ms", str(AUDIO_TOLERANCE_MS)]
    if entry["expect"] != "lossy":
        command += ["--flv", flv]
    waived = entry["waive"] + {"lossy": LOSSY, "unsupported": UNSUPPORTED}.get(entry["expect"], [])
    if waived:
        command += ["--waive", ",".join(waived)]
    if entry["args"].get("interlaced"):
        command += ["--interlaced"]
    run = subprocess.run(command, capture_output=True, text=True)
    try:
        verdict = json.loads(run.stdout)
    except ValueError:
        return [("HLSCHECK", run.stderr[-200:])]
    broken = [f for f in verdict["findings"] if f["sev"] == "E" and not f["waived"]]
    if not verdict["ok"] and not broken:
        return [("HLSCHECK", "not ok, but no finding")]
    if targets_are_nearest(log):
        # The judge takes growth for needed where T is rounded up, as before version 6.
        broken = [f for f in broken if f["rule"] != "PL.TD_CONST"]
    return [(f["rule"], f"x{f['count']} {f['first']['where']}: {f['first']['msg'][:100]}") for f in broken]


def targets_are_nearest(log):
    """Returns whether EXT-X-TARGETDURATION of every playlist is that of the one before, or has grown to the longest
    EXTINF, rounded to the nearest second, as version 6 has it (SPEC X1)."""
    before = None
    for name in sorted(os.listdir(log)):
        with open(os.path.join(log, name), encoding="utf8") as file:
            text = file.read()
        if "#EXT-X-VERSION:6\n" not in text:
            return False
        target = int(re.search(r"^#EXT-X-TARGETDURATION:(\d+)$", text, re.M)[1])
        longest = max((float(value) for value in re.findall(r"^#EXTINF:([\d.]+),", text, re.M)), default=0)
        if before is not None and target != before and not (target > before and target == int(longest + 0.5)):
            return False
        before = target
    return True


def judge(shared, scratch, entry, fd, fc):
    """Returns what is wrong with the output for one stream, as a list of (rule, text)."""
    flv = os.path.join(shared, entry["folder"], entry["file"])
    place = tempfile.mkdtemp(dir=scratch)
    out, log = os.path.join(place, "out"), os.path.join(place, "log")
    os.makedirs(out)
    os.makedirs(log)
    try:
        code, said = run_engine(flv, out, log, fd, fc)
        if code is None:
            return [("TIMEOUT", "flv2hls did not end within 120 s")]
        if code < 0 or "panicked" in said:
            return [("CRASH", f"exit code {code}: {said[-200:]}")]
        segments = any(name.endswith(".ts") for name in os.listdir(out))
        if entry["expect"] == "reject":
            return [("SEGMENTS", "made of a stream that has nothing to play")] if segments else []
        if not segments and entry["expect"] in ("lossy", "unsupported"):
            return []
        wrong = run_judge(shared, entry, flv, out, log, fd, fc)
        if code and entry["expect"] == "clean":
            wrong.append(("EXIT", f"exit code {code}: {said[-200:]}"))
        return wrong
    finally:
        shutil.rmtree(place)


def main():
    given = options()
    entries = manifest(given.shared, given.only)
    known = known_verdicts()
    met, passed, failed = set(), 0, 0
    # A manifest that fixes FragDuration makes fewer runs.
    rounds = {}
    for entry in entries:
        for fd in given.fd:
            for fc in given.fc:
                key = entry["args"].get("frag_duration", fd), entry["args"].get("frag_count", fc)
                rounds.setdefault(key, {})[entry["file"]] = entry
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(given.jobs) as pool:
        for (fd, fc), chosen in sorted(rounds.items()):
            start = time.monotonic()
            bad = 0
            jobs = [(e, pool.submit(judge, given.shared, scratch, e, fd, fc)) for e in chosen.values()]
            for entry, job in jobs:
                wrong = job.result()
                met |= {(entry["file"], rule) for rule, _ in wrong} & known
                left = [(rule, text) for rule, text in wrong if (entry["file"], rule) not in known]
                bad += bool(left)
                for rule, text in left:
                    print(f"FAIL FragDuration {fd} FragCount {fc} {entry['file']} {rule} {text}", flush=True)
            passed += len(jobs) - bad
            failed += bad
            seconds = time.monotonic() - start
            mark = "FAIL" if bad else "ok  "
            told = f"{len(jobs)} streams, {bad} failed, {seconds:.0f} s"
            print(f"{mark} FragDuration {fd} FragCount {fc}: {told}", flush=True)
    if met:
        print("overruled by our specification: " + ", ".join(f"{s} {r}" for s, r in sorted(met)))
    if (given.fd, given.fc, given.only) == (FRAG_DURATIONS, FRAG_COUNTS, ""):
        for stream, rule in sorted(known - met):
            failed += 1
            print(f"FAIL judge_known.txt: the judge no longer finds {rule} in {stream}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
