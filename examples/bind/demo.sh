#!/bin/sh
# The whole job on a real BIND: a named of its own on a free port of loopback, the sandbox for all else.
# `make demo-bind` runs this. Nothing is left behind: both are stopped in the end and their folder is removed.
set -eu
cd "$(dirname "$0")"
PATH=$(cd ../.. && pwd)/.venv/bin:$PATH:/usr/sbin
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
named=$(command -v named) || {
    echo "demo.sh: needs named (Debian: apt-get install bind9)" >&2
    exit 1
}
made=$(mktemp -d)
pid=''

show() { # WORDS: what you would type
    printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
}
run() { # COMMAND...: show it, then do it
    show "$@"
    "$@"
}
stop() {
    tdr sandbox down -state "$made/sandbox" >/dev/null 2>&1 || true
    [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid"; } || true
    rm -rf "$made"
}
failed() { # WHY: with what named says
    tail -n 5 "$made/named.log" | sed 's/^/named: /' >&2
    echo "demo.sh: $*" >&2
    exit 1
}
free_port() { # below the ports that the system gives out, so that nobody gets it meanwhile
    python - <<'END'
import random, socket
for port in random.sample(range(15300, 32000), 100):
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        try:
            tcp.bind(("127.0.0.1", port)), udp.bind(("127.0.0.1", port))
        except OSError:
            continue
        raise SystemExit(print(port))
END
}
zone() { # what the server holds, its journal included
    show "named-checkzone -jDq example.com example.com.zone"
    (cd "$made" && named-checkzone -jDq example.com example.com.zone)
}
trap 'stop' EXIT
trap 'exit 130' INT TERM

# A copy: on many systems AppArmor confines /usr/sbin/named to the folders of the system's own.
cp "$named" sandbox/named.conf named.conf.local example.com.zone "$made"
show "tsig-keygen tdr-key > tdr.key"
(umask 077 && tsig-keygen tdr-key >"$made/tdr.key")

port=$(free_port)
show "named -g -c named.conf -p $port &"
(cd "$made" && exec ./named -g -n 1 -c named.conf -p "$port" 2>named.log) &
pid=$!
tries=0
until grep -q ' running$' "$made/named.log" 2>/dev/null; do
    tries=$((tries + 1))
    kill -0 "$pid" 2>/dev/null || failed "named ended by itself"
    [ "$tries" -lt 200 ] || failed "named does not start"
    sleep 0.1
done
zone

sed "s/127\.0\.0\.1:5300/127.0.0.1:$port/" sandbox/world.yaml >"$made/world.yaml"
show 'eval "$(tdr sandbox up -world sandbox/world.yaml)"'
exports=$(tdr sandbox up -state "$made/sandbox" -world "$made/world.yaml")
eval "$exports"
show "export TDR_OWN_TSIG_SECRET=\$(sed -n 's/.*secret \"\\(.*\\)\";/\\1/p' tdr.key)"
TDR_OWN_TSIG_SECRET=$(sed -n 's/.*secret "\(.*\)";/\1/p' "$made/tdr.key")
export TDR_OWN_TSIG_SECRET

run tdr plan
run tdr apply -auto-approve
run tdr check
run tdr plan
zone
run tdr destroy -auto-approve
zone
