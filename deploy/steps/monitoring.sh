# Dashboard and alerts. What is there by its name stays as it is.
# shellcheck shell=bash

monitoring() {
  step "Dashboard and alerts" "Has the project a metrics scope, and may you change it (roles/monitoring.editor)?"
  local file present to=()
  if [[ -e deploy/dashboard.json ]]; then
    present=$(learn monitoring dashboards list --format='value(displayName)')
    has_title deploy/dashboard.json ||
      change monitoring dashboards create --config-from-file=deploy/dashboard.json
  fi
  [[ ! $channels ]] || to=("--notification-channels=$channels")
  present=$(learn alpha monitoring policies list --format='value(displayName)')
  for file in deploy/alerts/*.json; do
    [[ -e $file ]] || continue
    has_title "$file" || change alpha monitoring policies create --policy-from-file="$file" "${to[@]}"
  done
  [[ $channels ]] || note "Alerts tell nobody until they have a channel: --alert-channels, or in the console."
}

has_title() { grep -qxF "$(title "$1")" <<<"$present"; }

title() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["displayName"])' "$1"; }
