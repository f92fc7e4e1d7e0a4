#!/usr/bin/env bash
# Makes the three inputs of the benchmarks: benches/make_inputs.sh [FOLDER [SECONDS]]. Needs ffmpeg with libx264.
#
#   a.flv  1080p30, 6 Mbit/s, B-frames, AAC 128 kbit/s
#   b.flv  480p25, 600 kbit/s, B-frames, AAC 64 kbit/s
#   c.flv  AAC 128 kbit/s alone
#
# Twenty seconds are encoded and repeated: a is SECONDS long, 60 unless told, b ten and c thirty times that, so that
# none fits a cache. Nothing of it is committed; without the files the benchmarks make frames of the same shape by rule.
set -euo pipefail
folder=${1:-$(dirname "$0")/../target/bench-inputs}
seconds=${2:-60}
mkdir -p "$folder"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

ff() { ffmpeg -nostdin -v error -y -fflags +bitexact "$@"; }

# encode NAME SIZE RATE VIDEO_BITRATE AUDIO_BITRATE: noise keeps the encoder at its rate.
encode() {
    ff -f lavfi -i "testsrc2=size=$2:rate=$3,noise=alls=12:allf=t" -f lavfi -i "anoisesrc=color=pink:sample_rate=44100:amplitude=0.3" \
        -t 20 -c:v libx264 -preset veryfast -pix_fmt yuv420p -b:v "$4" -maxrate "$4" -bufsize "$4" \
        -x264-params "keyint=$((2 * $3)):min-keyint=$((2 * $3)):scenecut=0:bframes=3:b-adapt=0" \
        -c:a aac -b:a "$5" -ac 2 -flags:v +bitexact -flags:a +bitexact "$scratch/$1.flv"
}

# repeat NAME TIMES
repeat() {
    ff -stream_loop $((seconds * $2 / 20 - 1)) -i "$scratch/$1.flv" -c copy -flvflags +no_duration_filesize "$folder/$1.flv"
}

encode a 1920x1080 30 6M 128k
encode b 854x480 25 600k 64k
ff -f lavfi -i "anoisesrc=color=pink:sample_rate=44100:amplitude=0.3" -t 20 -c:a aac -b:a 128k -ac 2 -flags:a +bitexact "$scratch/c.flv"
repeat a 1
repeat b 10
repeat c 30
ls -l "$folder"
