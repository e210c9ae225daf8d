#!/bin/sh
# Pins the images that Compose fetches: pulls each, and writes what it is today, by its digest, into .env, which
# Compose reads. Whoever starts the same checkout with the same .env then runs the same bytes. Run it again to renew.
#   sh deploy/pin-images.sh            (ENGINE=podman for another engine)
set -eu
cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
pins=${PINS:-.env}
touch "$pins"

grep -ohE '\$\{QUANHENG_[A-Z]+_IMAGE:-[^}]+\}' docker-compose.yml deploy/tls.yml | sort -u | while read -r named; do
    variable=${named#??}
    variable=${variable%%:-*}
    image=${named#*:-}
    image=${image%\}}
    "$engine" pull --quiet "$image" >/dev/null
    pinned=$("$engine" image inspect --format '{{index .RepoDigests 0}}' "$image")
    case $pinned in
        *@sha256:?*) ;;
        *) echo "$image has no digest: $engine says “$pinned”" >&2; exit 1 ;;
    esac
    grep -v "^$variable=" "$pins" >"$pins.new" || true
    echo "$variable=$pinned" >>"$pins.new"
    cat "$pins.new" >"$pins"
    rm "$pins.new"
    echo "$variable=$pinned"
done
