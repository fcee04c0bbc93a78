# What the demos with a real name server share; each sources it and sets `made`, a folder that goes in the end.
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
PATH=$(cd ../.. && pwd)/.venv/bin:$PATH:/usr/sbin
pid=''

show() { # WORDS: what you would type
    printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
}
run() { # COMMAND...: show it, then do it
    show "$@"
    "$@"
}
need() { # PROGRAM PACKAGES
    command -v "$1" >/dev/null || {
        echo "demo.sh: needs $1 (Debian: apt-get install $2)" >&2
        exit 1
    }
}
stop() {
    tdr sandbox down -state "$made/sandbox" >/dev/null 2>&1 || true
    [ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null || true
    rm -rf "$made"
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
wait_for() { # WORDS: of the server's log, once it serves
    tries=0
    until grep -q "$1" "$made/log" 2>/dev/null; do
        tries=$((tries + 1))
        if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -ge 200 ]; then
            tail -n 5 "$made/log" >&2
            echo "demo.sh: the server does not start; its last words stand above" >&2
            exit 1
        fi
        sleep 0.1
    done
}
sandbox() { # PORT: where the name server listens
    sed "s/127\.0\.0\.1:5300/127.0.0.1:$1/" sandbox/world.yaml >"$made/world.yaml"
    show 'eval "$(tdr sandbox up -world sandbox/world.yaml)"'
    exports=$(tdr sandbox up -state "$made/sandbox" -world "$made/world.yaml")
    eval "$exports"
}
job() { # the example's own `zone` shows what its server holds
    zone
    run tdr plan
    run tdr apply -auto-approve
    run tdr check
    run tdr plan
    zone
    run tdr destroy -auto-approve
    zone
}
trap stop EXIT
trap 'exit 130' INT TERM
