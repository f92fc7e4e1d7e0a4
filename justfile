# What one types here. Every recipe is a call of .ci/run or cargo, for those who have no just.

# Lists the recipes.
default:
    @just --list --unsorted

# Formats, lints and fast tests of the engine, after every change: under a minute.
check:
    .ci/run check

# Formats everything.
format:
    cargo fmt --all

# All tests of the engine.
test *ARGUMENTS:
    cargo test --all-features {{ ARGUMENTS }}

# Stages of CI by name; all of them without a name.
ci *STAGES:
    .ci/run {{ STAGES }}

# The stages of CI.
stages:
    .ci/run --list

# Fuzzes a target of fuzz/fuzz_targets, on nightly, for some seconds.
fuzz TARGET SECONDS="60":
    mkdir -p fuzz/corpus/{{ TARGET }}
    cargo +nightly fuzz run {{ TARGET }} fuzz/corpus/{{ TARGET }} fuzz/seeds/{{ TARGET }} -- -dict=fuzz/dictionaries/flv.dict -max_total_time={{ SECONDS }}

# Seeds faults into the sources and says which no test notices; FOLDER is outside the repository.
mutants FOLDER *ARGUMENTS:
    tests/mutants.py {{ FOLDER }} {{ ARGUMENTS }}

# The judge of ../shared over its streams and over the torture matrix.
judge:
    .ci/run judge judge-torture

# Instructions for each TS packet, against benches/baseline.txt.
instructions:
    .ci/run instructions
