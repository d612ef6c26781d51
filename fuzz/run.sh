#!/usr/bin/env bash
# run.sh SECONDS [TARGET…]: gives each target so many seconds of processor time. Ends with the first crash.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

seconds=${1:?seconds of processor time for each target}
shift
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || mapfile -t targets < <(grep -A1 '^\[\[bin\]\]' Cargo.toml | sed -n 's/^name = "\(.*\)"/\1/p')

export RUSTC_BOOTSTRAP=1
cargo fuzz build --sanitizer none
for target in "${targets[@]}"; do
    used=0
    # The fuzzer counts by the clock: what it did not get, because the machine did other things, it gets in another round.
    while [ "$used" -lt "$seconds" ]; do
        TIMEFORMAT='%U %S'
        times=$({ time cargo fuzz run --sanitizer none "$target" -- -max_total_time="$((seconds - used))" -timeout=20 -rss_limit_mb=2048 \
            >"run-$target.log" 2>&1; } 2>&1) || { tail -n 30 "run-$target.log"; exit 1; }
        used=$((used + $(awk '{ printf "%d", $1 + $2 + 1 }' <<<"$times")))
    done
    printf '%s: %s s of processor time; %s\n' "$target" "$used" "$(grep -E '^#[0-9]+.*DONE' "run-$target.log" | tail -n 1)"
done
