#!/bin/sh
# What the image of PostgreSQL does: makes a database out of POSTGRES_USER, _DB and _PASSWORD once, then serves it.
set -eu
data=/var/lib/postgresql/data
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

if [ ! -e $data/PG_VERSION ]; then
    install -d -o postgres -g postgres -m 700 $data
    printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
    chown postgres /tmp/password
    as_postgres initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-host=scram-sha-256 \
        --encoding=UTF8 -D $data >/dev/null
    echo "host all all all scram-sha-256" >>$data/pg_hba.conf
    rm /tmp/password
    echo "CREATE DATABASE $POSTGRES_DB" | as_postgres postgres --single -D $data postgres >/dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups postgres -D $data -c listen_addresses='*'
