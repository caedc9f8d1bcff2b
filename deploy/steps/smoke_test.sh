# Is it served, is a stranger refused, is the key taken?
# shellcheck shell=bash

smoke_test() {
  step "Smoke test of https://$host" ""
  local named=${source_buckets%%,*}
  named=${named//\*/smoke-test}
  named="bucket=${named//\?/x}&key=smoke-test"
  # Where each version lands on its own, one is to be named.
  ! grep -q '^ *OBJECT_NAME:.*{version_id}' "$stage/app.yaml" || named+="&versionId=smoke-test"
  answers 200 /healthz "gcloud app logs read --project=$project tells why it is not served."
  answers 200 /readyz "It is starting, or cannot: gcloud app logs read --project=$project."
  answers 401 "/objects?$named" \
    "A request without a key must be refused: look at security in openapi.yaml, and at the gateway."
  answers 200 "/objects?$named" \
    "The key is not taken: is the secret's latest version that with the key's digest?" with-key
}

# A new key or version may take minutes until all of Google knows it.
answers() { # answers STATUS PATH REMEDY [with-key]
  local tries got='' key_header=()
  [[ ! ${4-} ]] || key_header=(--header @-)
  for ((tries = 1; tries <= 30; tries++)); do
    got=$(printf 'x-api-key: %s\n' "${4:+$key}" | curl --silent --output /dev/null --max-time 20 \
      --write-out '%{http_code}' "${key_header[@]}" "https://$host$2") || true
    if [[ $got == "$1" ]]; then
      printf '  %s %s%s\n' "$got" "${2%%\?*}" "${4:+ with the key}"
      return
    fi
    sleep 10
  done
  fail "$2 was answered $got, not $1. $3"
}
