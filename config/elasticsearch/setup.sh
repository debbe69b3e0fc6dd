#!/bin/bash
# Gives Elasticsearch what compose.prod.yaml needs of it: the templates and pipelines of this folder, and the users of
# Kibana and Logstash with their passwords. It may be run again.
# ELASTICSEARCH is its address, SECRETS the folder with the passwords.
set -euo pipefail
cd "$(dirname "$0")"

secret() { cat "$SECRETS/$1"; }

# Bodies and passwords go by standard input: arguments can be seen by others.
ask() {
    local method=$1 path=$2
    curl --silent --show-error --fail --output /dev/null --request "$method" "$ELASTICSEARCH/$path" \
        --header "Content-Type: application/json" --config <(printf 'user = "elastic:%s"\n' "$(secret elastic_password)") \
        --data-binary @-
    echo "done: $path"
}

ask POST _security/user/kibana_system/_password <<< "{\"password\": \"$(secret kibana_password)\"}"

# Logstash may add log lines and nothing else.
ask PUT _security/role/logstash_writer <<< '{
    "cluster": ["monitor"],
    "indices": [{"names": ["logs-hexaccount-*"], "privileges": ["auto_configure", "create_doc"]}]
}'
ask PUT _security/user/logstash_writer <<< "{\"password\": \"$(secret logstash_password)\", \"roles\": [\"logstash_writer\"]}"

shopt -s nullglob
for kind in ingest_pipeline:_ingest/pipeline ilm_policy:_ilm/policy component_template:_component_template \
    index_template:_index_template; do
    for file in "${kind%%:*}"/*.json; do
        ask PUT "${kind#*:}/$(basename "$file" .json)" < "$file"
    done
done
