# The sender's API key. The gateway knows it as a key of Google's; the service knows its digest, from
# Secret Manager. The key itself goes through pipes only: never into an argument, a file or a log.
# shellcheck shell=bash

api_key() {
  step "API key $key_title, for $host alone" "May you make API keys and secrets (roles/serviceusage.apiKeysAdmin, roles/secretmanager.admin)?"
  local key_id present list
  local -x CLOUDSDK_CORE_DISABLE_FILE_LOGGING=1 # gcloud's logs hold whatever it prints
  present=$(present_keys)
  key_id=$(find_key)
  if [[ ! $key_id ]]; then
    change_unseen services api-keys create --display-name="$key_title" --api-target="service=$host"
    [[ $mode == plan ]] || key_id=$(find_key)
  fi
  if [[ ! $key_id ]]; then
    [[ $mode == plan ]] || fail "The new key is not listed yet: run this again in a minute."
    change secrets versions add "$secret" --data-file=-
    return
  fi
  key=$(learn services api-keys get-key-string "$key_id" --format='value(keyString)')
  list=$(printf '%s\n%s' "$key" "$present" | python3 deploy/add_key.py "$key_name") ||
    fail "The secret $secret is left as it was."
  [[ $list != "$present" ]] || return 0
  change secrets versions add "$secret" --data-file=- <<<"$list"
  [[ $mode == plan ]] || show_key "$key_id"
}

# The first of that name, if there is one.
find_key() {
  local found
  found=$(learn services api-keys list --filter="$of_key_title" --format='value(name)')
  printf '%s\n' "${found%%$'\n'*}"
}

# The list that the secret holds; nothing if it is new. Never nothing because it cannot be read: that
# would lock the other senders out.
present_keys() {
  local newest
  newest=$(learn secrets versions list "$secret" --limit=1 --format='value(name)')
  [[ $newest ]] || return 0
  gcloud secrets versions access latest --secret="$secret" --project="$project" --quiet </dev/null ||
    fail "The secret $secret cannot be read: enable its latest version, or add one."
}

show_key() {
  if [[ -t 1 ]]; then
    printf '\n  The key, for the sender. It is shown this once:\n  %s\n' "$key"
  else
    printf '\n  The key is not shown, since this is no terminal. To see it:\n'
    printf '  CLOUDSDK_CORE_DISABLE_FILE_LOGGING=1 gcloud services api-keys get-key-string %q --project=%s\n' \
      "$1" "$project"
  fi
}
