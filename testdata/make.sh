#!/usr/bin/env bash
# Makes the captures of this folder and the list of their checksums. Needs ffmpeg with libx264 and libmp3lame, and python3.
#
# Sources are synthetic, encoders run on one thread and with bitexact flags, so one build of ffmpeg gives the same
# files again and again. Another build may give others, as good: commit them with their SHA256SUMS.
set -euo pipefail
cd "$(dirname "$0")"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

ff() { ffmpeg -nostdin -v error -y -fflags +bitexact "$@"; }

# picture SIZE RATE [SOURCE]: a moving test picture.
picture() { echo "-f lavfi -i ${3:-testsrc2}=size=$1:rate=$2"; }

# tone SAMPLE_RATE: a sine that beeps once a second.
tone() { echo "-f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=$1"; }

# h264 BITRATE X264_PARAMS: scene cuts are off, so that key frames stand where keyint says.
h264() { echo "-c:v libx264 -preset medium -pix_fmt yuv420p -threads 1 -flags:v +bitexact -b:v $1 -x264-params scenecut=0:threads=1:$2"; }

# aac BITRATE CHANNELS
aac() { echo "-c:a aac -b:a $1 -ac $2 -flags:a +bitexact"; }

flv() { echo "-map_metadata -1 -fflags +bitexact -f flv -flvflags +no_duration_filesize $1"; }

# shellcheck disable=SC2046 # the helpers print words
make_all() {
    ff $(picture 192x108 25) $(tone 44100) -t 12 $(h264 80k keyint=50:min-keyint=50:bframes=3:b-adapt=0:b-pyramid=normal:ref=3) \
        $(aac 48k 2) $(flv bframes.flv)
    ff $(picture 256x144 25 testsrc) $(tone 48000) -t 12 $(h264 80k keyint=25:min-keyint=25) -profile:v baseline -tune zerolatency \
        $(aac 48k 2) $(flv nobframes.flv)
    ff $(tone 44100) -t 20 $(aac 64k 2) $(flv audio_only.flv)
    ff $(picture 192x108 25) -t 12 $(h264 100k keyint=25:min-keyint=25:bframes=2) $(flv video_only.flv)
    ff $(picture 96x54 5 testsrc) $(tone 22050) -t 130 $(h264 8k keyint=infinite:bframes=0) $(aac 16k 1) $(flv long_gop.flv)
    ff $(picture 192x108 25) $(tone 44100) -t 12 $(h264 80k open-gop=1:keyint=50:min-keyint=50:bframes=3:b-adapt=0) \
        $(aac 48k 2) $(flv open_gop.flv)
    ff $(picture 192x108 25) $(tone 44100) -t 12 $(h264 80k intra-refresh=1:keyint=50:bframes=0) $(aac 48k 2) $(flv intra_refresh.flv)
    ff $(picture 192x108 25) $(tone 44100) -t 12 $(h264 90k slices=4:keyint=25:min-keyint=25:bframes=2) $(aac 48k 2) $(flv slices.flv)
    ff $(picture 192x108 25) $(tone 44100) -t 12 $(h264 80k keyint=50:min-keyint=50:bframes=2) \
        -c:a libmp3lame -b:a 64k -ac 2 -flags:a +bitexact -write_xing 0 $(flv mp3.flv)
    ff $(picture 192x108 30000/1001) $(tone 48000) -t 16.016 $(h264 80k keyint=60:min-keyint=60:bframes=2) \
        $(aac 48k 2) $(flv fps2997.flv)
    ff $(picture 192x108 25) $(tone 44100) -t 12 $(h264 80k aud=1:repeat-headers=1:keyint=50:min-keyint=50:bframes=2) \
        $(aac 48k 2) $(flv aud_inband.flv)
    ff $(picture 192x108 25) $(tone 22050) -t 12 $(h264 80k keyint=50:min-keyint=50:bframes=2) $(aac 32k 2) $(flv "$scratch/lc.flv")
    python3 he_aac.py "$scratch/lc.flv" he_aac.flv
}

# Enhanced RTMP, which H.265, AV1 and Opus need, is written by ffmpeg 8 and later: FFMPEG_8 names one, such as that of Python's
# imageio-ffmpeg. x265 writes one stream with one frame thread and without its pools.
h265() { echo "-c:v libx265 -preset medium -b:v $1 -x265-params log-level=error:frame-threads=1:pools=none:scenecut=0:$2"; }

ff8() { SVT_LOG=1 "$FFMPEG_8" -nostdin -v error -y -fflags +bitexact "$@"; }

# shellcheck disable=SC2046,SC2086 # the helpers print words
make_h265() {
    mkdir -p h265
    ff8 $(picture 192x108 25) $(tone 44100) -t 8 $(h265 80k open-gop=1:keyint=50:min-keyint=50:bframes=3) -pix_fmt yuv420p \
        $(aac 48k 2) $(flv h265/open_gop.flv)
    ff8 $(picture 192x108 30000/1001) $(tone 48000) -t 8.008 $(h265 80k open-gop=0:keyint=60:min-keyint=60:bframes=2:aud=1:$hdr) \
        -pix_fmt yuv420p10le $(aac 48k 2) $(flv h265/hdr.flv)
}
hdr='repeat-headers=1:hdr10=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:max-cll=1000,400'
hdr+=':master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)'

# shellcheck disable=SC2046 # the helpers print words
make_av1() {
    mkdir -p av1
    ff8 $(picture 192x108 25) $(tone 48000) -t 8 -c:v libsvtav1 -preset 10 -b:v 60k -g 50 -svtav1-params lp=1 -pix_fmt yuv420p \
        -flags:v +bitexact -c:a libopus -b:a 48k -ac 2 -flags:a +bitexact $(flv av1/opus.flv)
}

make_all
[ -z "${FFMPEG_8:-}" ] || { make_h265 && make_av1; }
sha256sum ./*.flv av1/*.flv h265/*.flv | sed 's,\./,,' >SHA256SUMS
python3 table.py
