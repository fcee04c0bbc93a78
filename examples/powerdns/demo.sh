#!/bin/sh
# The whole job on a real PowerDNS: a server of its own on free ports of loopback, the sandbox for all else.
# `make demo-powerdns` runs this. Nothing is left behind: both are stopped in the end and their folder is removed.
set -eu
cd "$(dirname "$0")"
made=$(mktemp -d)
. ../server-demo.sh
schema=/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql
need pdns_server "pdns-server pdns-backend-sqlite3"

zone() { # what the server holds
    show "pdnsutil list-zone example.com"
    (cd "$made" && pdnsutil --config-dir=. list-zone example.com)
}

port=$(free_port)
web=$port
until [ "$web" != "$port" ]; do web=$(free_port); done
cat sandbox/own.conf pdns.conf >"$made/pdns.conf"
cp example.com.zone "$made"
show 'echo "api-key=$(openssl rand -hex 24)" >> pdns.conf'
TDR_OWN_API_KEY=$(python -c 'import secrets; print(secrets.token_hex(24))')
printf 'api-key=%s\nlocal-port=%s\nwebserver-port=%s\n' "$TDR_OWN_API_KEY" "$port" "$web" >>"$made/pdns.conf"

show "pdnsutil load-zone example.com example.com.zone"
cd "$made"
python -c 'import sqlite3, sys; sqlite3.connect("pdns.sqlite3").executescript(open(sys.argv[1]).read())' "$schema"
pdnsutil --config-dir=. load-zone example.com example.com.zone
show "pdnsutil set-meta example.com SOA-EDIT-API DEFAULT"
pdnsutil --config-dir=. set-meta example.com SOA-EDIT-API DEFAULT
show "pdns_server --config-dir=. &"
pdns_server --config-dir=. >log 2>&1 &
pid=$!
wait_for 'ready to distribute questions'
cd "$OLDPWD"

sandbox "$port"
show "export TDR_OWN_API_KEY=…    # api-key of pdns.conf"
show "export TDR_POWERDNS_ENDPOINT=http://127.0.0.1:$web    # this one speaks http, on loopback"
export TDR_OWN_API_KEY TDR_POWERDNS_ENDPOINT="http://127.0.0.1:$web"
job
