#!/bin/sh
# The whole job on a real BIND: a named of its own on a free port of loopback, the sandbox for all else.
# `make demo-bind` runs this. Nothing is left behind: both are stopped in the end and their folder is removed.
set -eu
cd "$(dirname "$0")"
made=$(mktemp -d)
. ../server-demo.sh
need named bind9

zone() { # what the server holds, its journal included
    show "named-checkzone -jDq example.com example.com.zone"
    (cd "$made" && named-checkzone -jDq example.com example.com.zone)
}

# A copy of the program: on many systems AppArmor keeps /usr/sbin/named out of all folders but the system's own.
cp "$(command -v named)" sandbox/named.conf named.conf.local example.com.zone "$made"
show "tsig-keygen tdr-key > tdr.key"
(umask 077 && tsig-keygen tdr-key >"$made/tdr.key")

port=$(free_port)
show "named -g -c named.conf -p $port &"
(cd "$made" && exec ./named -g -n 1 -c named.conf -p "$port" 2>log) &
pid=$!
wait_for ' running$'

sandbox "$port"
show "export TDR_OWN_TSIG_SECRET=\$(sed -n 's/.*secret \"\\(.*\\)\";/\\1/p' tdr.key)"
TDR_OWN_TSIG_SECRET=$(sed -n 's/.*secret "\(.*\)";/\1/p' "$made/tdr.key")
export TDR_OWN_TSIG_SECRET
job
