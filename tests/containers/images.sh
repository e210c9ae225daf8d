# Make stand-ins for the images that docker-compose.yml fetches, out of Debian's packages: for machines with a
# container engine that reach no registry of images. Needs root and debootstrap.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
docker image inspect quanheng-test-debian >/dev/null 2>&1 || {
    debootstrap --variant=minbase "${SUITE:-bookworm}" "$folder/root" ${MIRROR:+"$MIRROR"}
    tar --directory "$folder/root" --exclude=./proc --exclude=./sys --exclude=./dev \
        --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./usr/share/doc/*' \
        --exclude='./usr/share/locale/*' --exclude='./usr/share/man/*' --create . |
        docker import - quanheng-test-debian
}
cp "$here"/Dockerfile "$here"/*.sh /etc/ssl/certs/ca-certificates.crt "$folder"
for part in python nginx postgres valkey; do
    DOCKER_BUILDKIT=0 docker build --quiet --target "$part" --tag "quanheng-test-$part" "$folder"
done
