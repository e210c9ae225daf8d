#!/bin/sh
# Puts a new container in the place of each web container, of the image and the settings that Compose has now, and
# keeps nobody waiting: the old ones are told to end once the new ones serve. Where tables change (an upgrade), use
# `docker compose up` instead.
#   sh deploy/renew.sh
set -eu
cd "$(dirname "$0")/.."

old=$(docker compose ps --quiet web)
[ -n "$old" ] || { echo "No web container runs: start with docker compose up --detach" >&2; exit 1; }
count=$(echo "$old" | wc -l)
docker compose up --wait --no-deps --no-recreate --scale "web=$((2 * count))" web
docker stop $old >/dev/null
docker rm $old >/dev/null
echo "$count made anew"
