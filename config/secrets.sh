#!/bin/sh
# Creates the secrets that compose.prod.yaml needs, in ./secrets or the given folder. Existing files stay, so it can be run
# again. Only its owner can enter the folder. Its files are readable by all, as each container runs as another user and
# gets single files.
set -eu
folder=${1:-secrets}
mkdir -p "$folder" && chmod 0700 "$folder"
cd "$folder"
umask 022

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -e "$1" ] || { cat > "$1.new" && mv "$1.new" "$1" && echo "made $1"; }; }
made() { cat "$1"; }

for name in jwt_key postgres_password mongodb_password mongodb_key elastic_password kibana_password logstash_password \
    grafana_password redis_password alert_receiver_token; do
    random | keep "$name"
done

echo "requirepass $(made redis_password)" | keep redis.conf
echo "redis://:$(made redis_password)@redis:6379/0" | keep cache_url
echo "postgresql://hexaccount:$(made postgres_password)@postgres/hexaccount" | keep postgresql_url
echo "mongodb://hexaccount:$(made mongodb_password)@mongodb/hexaccount?replicaSet=rs0&authSource=admin" | keep mongodb_url

[ -e certificate.pem ] || {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=localhost" \
        -addext "subjectAltName=DNS:localhost" -keyout certificate.key -out certificate.crt 2> /dev/null
    cat certificate.crt certificate.key | keep certificate.pem
    rm certificate.crt certificate.key
    echo "replace certificate.pem by your own, with chain and key: it is self-signed, for localhost and 30 days"
}
