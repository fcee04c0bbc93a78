#!/bin/sh
# The main job on the sandbox, as you would type it. `make demo` runs this; run it again for a fresh world.
set -eu
cd "$(dirname "$0")/../.."
PATH=$PWD/.venv/bin:$PATH
yaml=examples/quickstart/domains.yaml

run() { # COMMAND...: show it, then do it
    printf '\n\033[1m$ %s\033[0m\n' "$*"
    "$@"
}
[ -t 1 ] || run() { printf '\n$ %s\n' "$*"; "$@"; }
trap 'code=$?; [ $code -eq 0 ] || echo "the demo stopped; the sandbox is still up: make demo-down" >&2; exit $code' EXIT

tdr sandbox down >/dev/null
rm -rf .sandbox
run tdr sandbox up -world examples/quickstart/sandbox/world.yaml
run . .sandbox/env
run tdr plan "$yaml"
run tdr apply -auto-approve "$yaml"
run tdr check "$yaml"
run tdr plan "$yaml"

cat <<END

The sandbox is still up, so each curl line above works now, in any shell of this folder.
To go on by hand:   export PATH="$PWD/.venv/bin:\$PATH"; . .sandbox/env
To stop:            make demo-down      (left alone, it stops by itself after 30 minutes)
END
