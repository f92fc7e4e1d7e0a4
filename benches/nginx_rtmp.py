#!/usr/bin/env python3
"""nginx-rtmp and flv2hls beside each other, each fed by an ffmpeg as fast as it takes: RTMP for one, a pipe for the other.

    benches/make_inputs.sh && benches/nginx_rtmp.py [FOLDER [ROUNDS]]

Needs Debian's nginx and libnginx-mod-rtmp. The two take turns; printed are medians of a worker's user and system CPU and
its peak memory, and the medians of the ratios within a round. A worker takes RTMP apart too, flv2hls FLV: neither is
counted out, so what it says of the multiplexers is less than the ratios of benches/README.
"""

import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from whole_process import FOLDER, MEMORY, ROUNDS, build

PORT = 21935
CONFIG = """
load_module modules/ngx_rtmp_module.so;
worker_processes 1; daemon off; pid {scratch}/pid; error_log {scratch}/log warn; user root;
events {{ worker_connections 64; }}
rtmp {{ server {{ listen 127.0.0.1:{port}; chunk_size 65536;
    application hls {{ live on; hls on; hls_path {scratch}/hls; hls_fragment 5s; hls_playlist_length 15s; }} }} }}
"""
TICK = os.sysconf("SC_CLK_TCK")


def ffmpeg(source: pathlib.Path, output: str, **how) -> subprocess.Popen:
    return subprocess.Popen(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", source, "-c", "copy", "-f", "flv", "-flvflags", "no_duration_filesize", output], **how
    )


def nginx(source: pathlib.Path, scratch: pathlib.Path) -> dict[str, float]:
    """Pushes a file to a fresh nginx; returns its worker's CPU seconds and peak MiB."""
    (scratch / "hls").mkdir()
    config = scratch / "conf"
    config.write_text(CONFIG.format(scratch=scratch, port=PORT))
    server = subprocess.Popen(["nginx", "-c", config], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        listed = subprocess.run(["pgrep", "-P", str(server.pid), "-f", "worker process"], capture_output=True, text=True, check=True)
        worker = listed.stdout.strip()
        if ffmpeg(source, f"rtmp://127.0.0.1:{PORT}/hls/stream").wait():
            raise SystemExit("ffmpeg could not push")
        time.sleep(0.5)
        if not list((scratch / "hls").glob("*.ts")):
            raise SystemExit("nginx wrote nothing")
        fields = pathlib.Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()
        status = pathlib.Path(f"/proc/{worker}/status").read_text()
        peak = int(status.split("VmHWM:")[1].split()[0])
        return {"user": int(fields[11]) / TICK, "system": int(fields[12]) / TICK, "MiB": peak / 1024}
    finally:
        server.terminate()
        server.wait()


def ours(flv2hls: str, source: pathlib.Path, scratch: pathlib.Path) -> dict[str, float]:
    """Pipes a file into flv2hls; returns its CPU seconds and peak MiB."""
    said = scratch / "said"
    pushed = ffmpeg(source, "-", stdout=subprocess.PIPE)
    timed = ["/usr/bin/time", "-f", "%U %S %M", "-o", said, flv2hls, "-", scratch / "out", "--quiet"]
    subprocess.run(timed, stdin=pushed.stdout, stdout=subprocess.DEVNULL, check=True)
    pushed.wait()
    user, system, peak = said.read_text().split()[-3:]
    return {"user": float(user), "system": float(system), "MiB": int(peak) / 1024}


def main() -> None:
    flv2hls = build()
    print(f"{'':3}{'':12}{'user s':>9}{'system s':>9}{'MiB':>8}")
    for name in "abc":
        rounds = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory(dir=MEMORY) as scratch:
                source = FOLDER / f"{name}.flv"
                folder = pathlib.Path(scratch)
                rounds.append({"flv2hls": ours(flv2hls, source, folder), "nginx-rtmp": nginx(source, folder)})
        for who in ("flv2hls", "nginx-rtmp"):
            row = [statistics.median(each[who][what] for each in rounds) for what in ("user", "system", "MiB")]
            print(f"{name:3}{who:12}{row[0]:9.3f}{row[1]:9.3f}{row[2]:8.1f}")
        # A process that is too short for the system's clock counts as one tick of it.
        total = [{who: max(each[who]["user"] + each[who]["system"], 1 / TICK) for who in each} for each in rounds]
        ratio = statistics.median(each["flv2hls"] / each["nginx-rtmp"] for each in total)
        print(f"{name:3}{'ratio':12}{ratio:18.3f}")


if __name__ == "__main__":
    main()
