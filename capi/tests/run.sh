#!/usr/bin/env bash
# The tests of the C API, over every capture: what C gives is what Rust gives, and nothing touches memory that is not its
# own. BUILD and TARGET are the Makefile's.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
build=${BUILD:?}
rust=${TARGET:?}/release
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export UBSAN_OPTIONS=print_stacktrace=1
passed=0 failed=0

check() { # check WHAT COMMAND...
    local what=$1
    shift
    if "$@" >"$scratch/said" 2>&1; then
        passed=$((passed + 1))
        echo "ok   $what"
    else
        failed=$((failed + 1))
        echo "FAIL $what"
        head -n 20 "$scratch/said"
    fi
}
same_events() { # same_events PROGRAM CAPTURE VARIANT
    "$rust/examples/events" "$2" "$3" >"$scratch/rust" && [ -s "$scratch/rust" ] && "$build/$1" "$2" "$3" >"$scratch/c" &&
        diff "$scratch/rust" "$scratch/c"
}
same_folder() { # same_folder CAPTURE FRAG_DURATION: flv2hls in C and in Rust, where both take what the engine takes
    rm -rf "$scratch/folders"
    mkdir -p "$scratch/folders/c" "$scratch/folders/rust"
    "$build/flv2hls.sanitized" "$1" "$scratch/folders/c" "$2" 3 &&
        "$rust/flv2hls" "$1" "$scratch/folders/rust" --frag-duration "$2" --frag-count 3 --track-wait 1 --keep-all --quiet &&
        diff -r "$scratch/folders/c" "$scratch/folders/rust"
}
piped() { # the same through a pipe
    mkdir -p "$scratch/piped" "$scratch/whole"
    "$build/flv2hls" - "$scratch/piped" 2 <<<"" && return 1
    cat "$1" | "$build/flv2hls" - "$scratch/piped" 2 && "$build/flv2hls" "$1" "$scratch/whole" 2 &&
        diff -r "$scratch/piped" "$scratch/whole"
}
listed() { # the C++ example's segments are flv2hls's
    "$build/flv2ts.sanitized" "$1" 2 >"$scratch/listed" && grep -q '^#EXT-X-ENDLIST$' "$scratch/listed" &&
        diff <("$rust/flv2hls" "$1" "$scratch/cpp" --frag-duration 2 --track-wait 1 --keep-all --quiet && cd "$scratch/cpp" &&
            stat --format=%s ./*.ts) <(awk '/bytes$/ { print $2 }' "$scratch/listed")
}
refuses() { # refuses CODE COMMAND...
    local code=0 want=$1
    shift
    "$@" || code=$?
    [ $code -eq "$want" ]
}
grind() { valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=all "$@"; }

for capture in ../testdata/*.flv; do
    name=$(basename "$capture" .flv)
    for variant in 0 1 2 3 4 5 6 7; do
        check "$name: events of variant $variant are Rust's, under ASan and UBSan" same_events events.sanitized "$capture" $variant
    done
    check "$name: events are Rust's through the shared library" same_events events "$capture" 1
    check "$name: flv2hls makes the folder that Rust makes, 1 s" same_folder "$capture" 1
    check "$name: flv2hls makes the folder that Rust makes, 5 s" same_folder "$capture" 5
    check "$name: valgrind sees nothing in events" grind "$build/events.static" "$capture" 1
    check "$name: valgrind sees nothing in events of fMP4 with parts" grind "$build/events.static" "$capture" 6
done
for capture in ../testdata/*.flv ../testdata/h265/*.flv; do
    name=$(basename "$(dirname "$capture")")/$(basename "$capture" .flv)
    check "$name: frames give the bytes that tags give, under ASan and UBSan" "$build/frames.sanitized" "$capture"
done
check "valgrind sees nothing in frames" grind "$build/frames.static" ../testdata/h265/hdr.flv
one=../testdata/bframes.flv
check "flv2hls takes a pipe" piped "$one"
check "C++: segments have Rust's lengths, under ASan and UBSan" listed "$one"
check "C++: an error of the configuration has its words" refuses 1 "$build/flv2ts.sanitized" "$one" 200
check "C++: exceptions, errors and moves, under ASan and UBSan" "$build/wrapper.sanitized" "$one"
check "nothing is allocated within a call" "$build/heap" ../testdata/*.flv ../testdata/h265/*.flv
check "misuse, under ASan and UBSan" "$build/misuse.sanitized" "$one"
check "misuse, under valgrind" grind "$build/misuse.static" "$one"
check "misuse of fMP4 and parts, under ASan and UBSan" "$build/fragments.sanitized" "$one"
check "misuse of fMP4 and parts, under valgrind" grind "$build/fragments.static" "$one"
check "flv2hls under valgrind" grind "$build/flv2hls.static" "$one" "$scratch" 2
check "flv2hls: no FLV file" refuses 1 "$build/flv2hls" Makefile "$scratch"
check "flv2hls: no such file" refuses 3 "$build/flv2hls" nowhere "$scratch"
check "flv2hls: no such folder" refuses 1 "$build/flv2hls" "$one" "$scratch/nowhere"
check "flv2hls: an option out of range" refuses 2 "$build/flv2hls" "$one" "$scratch" 101
check "the shared library exports nothing but hlsseg_*" \
    bash -c "! nm -D --defined-only '$build/lib/libhls_segmenter.so' | awk '{ print \$NF }' | grep -v ^hlsseg_"
check "every function of the header is exported" bash -c "
    diff <(grep -oE '\\bhlsseg_[a-z0-9_]+\\(' include/hls_segmenter.h | grep -v '_uri(' | tr -d '(' | sort -u) \
        <(nm -D --defined-only '$build/lib/libhls_segmenter.so' | awk '{ print \$NF }' | sort -u)"
check "the README's examples compile and run" bash -c "
    sed -n '/^\`\`\`c\$/,/^\`\`\`\$/p' README.md | grep -v '^\`\`\`' >'$scratch/readme.c' &&
        gcc -std=c11 -Wall -Werror -Iinclude -include tests/readme.h '$scratch/readme.c' '$build/lib/libhls_segmenter.so' \
            -o '$scratch/readme' && LD_LIBRARY_PATH='$build/lib' '$scratch/readme'"
check "no example in C is longer than 150 lines" bash -c '[ $(wc -l <examples/flv2hls.c) -le 150 ]'
check "the C++ wrapper is no longer than 205 lines" bash -c '[ $(wc -l <include/hls_segmenter.hpp) -le 205 ]'
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
