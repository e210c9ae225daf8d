# The templates of the configuration with the name servers put in, as the image of nginx does it.
set -eu
NGINX_LOCAL_RESOLVERS=$(awk '$1 == "nameserver" {print $2}' /etc/resolv.conf)
export NGINX_LOCAL_RESOLVERS
for template in /etc/nginx/templates/*.template; do
    envsubst '${NGINX_LOCAL_RESOLVERS}' <"$template" >"/etc/nginx/conf.d/$(basename "$template" .template)"
done
exec "$@"
