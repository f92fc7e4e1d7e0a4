#!/usr/bin/env python3
"""Whole processes beside each other: flv2hls, and ffmpeg -c copy -f hls, on memory-backed files, in MPEG-TS and in fMP4.

    benches/make_inputs.sh && benches/whole_process.py [FOLDER [ROUNDS]]

They take turns, and dd with them, which copies the input in pieces of 128 KiB: what the system takes for reading and
writing alone. Printed are the medians, and the medians of the ratios to ffmpeg in the same container within a round: a noisy machine disturbs
all alike. The share of user code is counted in ticks of some milliseconds, so that one is a ratio of sums over all
rounds. Peak memory needs GNU time: a process counts what its parent had before it became another program.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/bench-inputs")
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 11
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None


def build() -> str:
    """Builds flv2hls as a server would be built, and returns its path."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    optimised = ["--config", "profile.release.lto='fat'", "--config", "profile.release.codegen-units=1"]
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "flv2hls", *optimised], cwd=ROOT, check=True)
    return str(target / "release/flv2hls")


def measure(command: list[str], out: pathlib.Path) -> dict[str, float]:
    """Runs a command to its end; returns its CPU seconds and peak memory."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    null = os.open(os.devnull, os.O_RDWR)
    process = os.posix_spawnp(
        command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    )
    _, status, usage = os.wait4(process, 0)
    os.close(null)
    if status:
        sys.exit(f"{command[0]} failed: {status}")
    if not any(out.iterdir()):
        sys.exit(f"{command[0]} wrote nothing")
    return {"user": usage.ru_utime, "total": usage.ru_utime + usage.ru_stime}


def peak(command: list[str], out: pathlib.Path) -> float:
    """Runs a command to its end; returns its peak memory in MiB."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    with tempfile.NamedTemporaryFile() as said:
        timed = ["/usr/bin/time", "-f", "%M", "-o", said.name, *command]
        subprocess.run(timed, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return int(said.read().split()[-1]) / 1024


def main() -> None:
    flv2hls = build()
    print(f"{'':3}{'':17}{'user s':>9}{'total s':>9}{'MiB':>8}")
    with tempfile.TemporaryDirectory(dir=MEMORY) as scratch:
        out = pathlib.Path(scratch) / "out"
        for name in "abc":
            source = pathlib.Path(scratch) / f"{name}.flv"
            shutil.copy(FOLDER / f"{name}.flv", source)
            ours = [flv2hls, str(source), str(out)]
            theirs = ["ffmpeg", "-v", "error", "-i", str(source), "-c", "copy", "-f", "hls", "-hls_time", "5"]
            theirs += ["-hls_list_size", "0", str(out / "playlist.m3u8")]
            fragments = ["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init.mp4"]
            commands = {
                "flv2hls": ours,
                "ffmpeg": theirs,
                "flv2hls in fMP4": [*ours, "--container", "fmp4"],
                "flv2hls in parts": [*ours, "--container", "fmp4", "--part", "0.5"],
                "ffmpeg in fMP4": [*theirs[:-1], *fragments, theirs[-1]],
                "dd": ["dd", f"if={source}", f"of={out}/copy", "bs=128k"],
            }
            runs = [{who: measure(command, out) for who, command in commands.items()} for _ in range(ROUNDS)]
            memory = {who: peak(command, out) for who, command in commands.items()}
            for who in commands:
                row = {what: statistics.median(run[who][what] for run in runs) for what in ("user", "total")}
                print(f"{name:3}{who:17}{row['user']:9.3f}{row['total']:9.3f}{memory[who]:8.1f}")
            for who in commands:
                peer = "ffmpeg in fMP4" if who.endswith(("fMP4", "parts")) else "ffmpeg"
                if who == peer:
                    continue
                user = sum(run[who]["user"] for run in runs) / sum(run[peer]["user"] for run in runs)
                total = statistics.median(run[who]["total"] / run[peer]["total"] for run in runs)
                print(f"{name:3}{who:17}{user:9.3f}{total:9.3f}{memory[who] / memory[peer]:8.2f} of {peer}")
            source.unlink()


if __name__ == "__main__":
    main()
