#!/bin/bash
# Gives Kibana the saved searches of this folder; it may be run again.
# KIBANA is its address, SECRETS the folder with the password of Elasticsearch's first user.
set -euo pipefail
cd "$(dirname "$0")"

for file in *.ndjson; do
    # The password goes by a file that is none: arguments can be seen by others.
    curl --silent --show-error --fail --output /dev/null "$KIBANA/api/saved_objects/_import?overwrite=true" \
        --config <(printf 'user = "elastic:%s"\n' "$(cat "$SECRETS/elastic_password")") \
        --header "kbn-xsrf: true" --form "file=@$file"
    echo "done: $file"
done
