# A new database is made before the server listens on the network, as the image of PostgreSQL does it.
set -eu
install -d -o postgres -g postgres -m 700 "$PGDATA"
as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    printf %s "$POSTGRES_PASSWORD" >/tmp/password
    chown postgres /tmp/password
    as_postgres initdb --username "$POSTGRES_USER" --pwfile /tmp/password --auth-local trust --auth-host scram-sha-256
    rm /tmp/password
    printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    as_postgres pg_ctl --wait --options "-c listen_addresses=" start
    createdb --host /var/run/postgresql --username "$POSTGRES_USER" "$POSTGRES_DB"
    as_postgres pg_ctl --wait --mode fast stop
fi
exec setpriv --reuid postgres --regid postgres --init-groups "$@" -c "listen_addresses=*"
