#!/usr/bin/env bash
# Fills fuzz/corpus from the fixtures: a file for each input that the tests have.
# Seeds are cut: whoever writes a long one gets a broken pipe, and that is fine.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."

corpus=fuzz/corpus

# seed TARGET [BYTES]: keeps standard input as one more seed of it, by its content. Longer ones only slow the fuzzer.
seed() {
    mkdir -p "$corpus/$1"
    head -c "${2:-16384}" >"$corpus/$1/new"
    mv "$corpus/$1/new" "$corpus/$1/seed-$(sha256sum <"$corpus/$1/new" | cut -c1-12)"
}

# byte NUMBER: that byte.
byte() { printf "\\x$(printf '%02x' "$1")"; }

# position WORD LINE…: where the word stands among the quoted words of targets.rs between these two.
place() {
    sed -n "/^pub const $2: /,/^];/p" fuzz/src/targets.rs | grep -o '^ *"[^"]*"' | tr -d ' "' | grep -nx -- "$1" | cut -d: -f1
}

while IFS= read -r file; do
    seed source <"$file"
    # Each macro with what stands in the parentheses of its first call is too clever for a script: the file is both halves.
    grep -q 'macro_rules!' "$file" && { sed -n '/macro_rules!/,/^}/p' "$file" | sed '1d;$d'; printf '\0A, b, "c", [d => 1]'; } | seed macros
done < <(find fixtures src/parse -name '*.rs')

while IFS= read -r file; do
    { cat "$file"; printf '\0owner = "a", on_loss = "b", max_connections = 50'; } | seed annotations
done < <(find fixtures -name statemap.toml)

# manifests PATH FIND…: the files that `find` finds, in the place of that file.
manifests() {
    local at
    at=$(($(place "$1" MANIFESTS) - 1))
    shift
    while IFS= read -r file; do { byte "$at"; cat "$file"; } | seed manifests; done < <(find fixtures "$@")
}
manifests Cargo.toml -name Cargo.toml
manifests Cargo.lock -name Cargo.lock
manifests k8s/shop.yaml -name '*.yaml' -path '*/deploy/*'
manifests docker-compose.yml -name '*compose*.y*ml'
manifests Dockerfile -name '*Dockerfile*' -type f
manifests .env -name '*.env'
manifests chart/templates/shop.yaml -path '*/templates/*' -type f
manifests chart/values.yaml -name 'values*.yaml'
manifests kustomization.yaml -name kustomization.yaml
manifests deploy/shop.service -name '*.service'
manifests fly.toml -name fly.toml
manifests entry.sh -name '*.sh'
manifests migrations/1_shop.sql -name '*.sql'

settings() {
    local at
    at=$(($(place "$1" SETTINGS) - 1))
    shift
    while IFS= read -r file; do { byte "$at"; cat "$file"; } | seed settings; done < <(find fixtures/settings fixtures/*/config -type f "$@")
}
settings config/base.toml -name '*.toml'
settings config/base.yaml -name '*.y*ml'
settings config/base.json -name '*.json'
settings config/base.ron -name '*.ron'
settings config/base.ini -name '*.ini'
settings config/base.json5 -name '*.json*'
settings .env -name '*.env'

for at in 0 1 2 3; do
    for text in '<!-- statemap:begin -->\n\n<!-- statemap:end -->\n' '# A\n\n- a\n\n  <!-- statemap:begin -->\n  old\n  <!-- statemap:end -->\n\n> b\n' \
        '```\n<!-- statemap:begin -->\n```\n\n<!-- statemap:begin -->\r\nx\r\n<!-- statemap:end -->\r\n'; do
        { byte "$at"; printf "$text"; } | seed splice
    done
done

while IFS= read -r text; do printf '%s' "$text" | seed pages; done <<'END'
a|b||c\|d `tick` ``two``
<script>alert(1)</script><img src=x onerror=alert(1)>
</code></a></div><!-- statemap:end --> ]]> <?x?>
{{#include /etc/passwd}} {{ title }} {% raw %}
[x](javascript:alert(1)) ![i](http://example.com/i.png) [^1] [[wiki]]
# a *b* _c_ ~~d~~ $e$ - f 1. g > h
END

# A whole map is far too large: one of a small tree, and one that lacks what it may lack.
if [ -x "${STATEMAP:-target/debug/statemap}" ]; then
    for tree in modules detectors/fs_writes detectors/statics; do
        map=$("${STATEMAP:-target/debug/statemap}" gen --quiet --format json -o - "fixtures/$tree" 2>/dev/null)
        printf '%s\0%s' "$map" "$map" | tr -d '\n' | seed merge 65536
    done
fi
printf '{"schema":1,"tool":{"name":"statemap","version":"0.1.0"},"services":[],"items":[],"hazards":[],"diagnostics":[],"coverage":{"files":1}}' | seed merge

for target in fuzz/regressions/*/; do
    [ -d "$target" ] || continue
    mkdir -p "$corpus/$(basename "$target")" && cp "$target"* "$corpus/$(basename "$target")/"
done
du -sh "$corpus"/* | sed 's/^/seeds: /'
