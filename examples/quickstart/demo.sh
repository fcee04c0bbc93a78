#!/bin/sh
# The main job on the sandbox, as you would type it. `make demo` runs this; run it again for a fresh world.
set -eu
cd "$(dirname "$0")/../.."
PATH=$PWD/.venv/bin:$PATH
yaml=examples/quickstart/domains.yaml
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi

show() { # WORDS: what you would type
    printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
}
run() { # COMMAND...: show it, then do it
    show "$@"
    "$@"
}
trap 'code=$?; [ $code -eq 0 ] || echo "the demo stopped there; make demo-down stops its sandbox" >&2' EXIT

tdr sandbox down >/dev/null 2>&1
show 'eval "$(tdr sandbox up -fresh -world examples/quickstart/sandbox/world.yaml)"'
exports=$(tdr sandbox up -fresh -world examples/quickstart/sandbox/world.yaml)
eval "$exports"
run tdr plan "$yaml"
run tdr apply -auto-approve "$yaml"
run tdr check "$yaml"
run tdr plan "$yaml"

cat <<END

The sandbox is still up, so each curl line above works now, in any shell of this folder.
To go on by hand:   export PATH="$PWD/.venv/bin:\$PATH"; . .sandbox/env
To stop:            make demo-down      (left alone, it stops by itself after 30 minutes)
END
