# Dashboard and alerts. What is there by its name stays as it is, but for an alert that tells nobody.
# shellcheck shell=bash

monitoring() {
  step "Dashboard and alerts" "May you change them (roles/monitoring.editor)?"
  local file files name names to=()
  files=$(missing deploy/dashboard.json -- monitoring dashboards)
  for file in $files; do
    change monitoring dashboards create --config-from-file="$file"
  done
  if [[ $channels ]]; then
    to=("--notification-channels=$channels")
    names=$(silent deploy/alerts/*.json -- alpha monitoring policies)
    for name in $names; do
      change alpha monitoring policies update "$name" --add-notification-channels="$channels"
    done
  fi
  files=$(missing deploy/alerts/*.json -- alpha monitoring policies)
  for file in $files; do
    change alpha monitoring policies create --policy-from-file="$file" "${to[@]}"
  done
  [[ $channels ]] || note "Alerts tell nobody until they have a channel: --alert-channels, or in the console."
}

monitoring_goes() {
  step "Dashboard and alerts" "May you change them (roles/monitoring.editor)?"
  local name names
  names=$(present deploy/alerts/*.json -- alpha monitoring policies)
  for name in $names; do
    change alpha monitoring policies delete "$name"
  done
  names=$(present deploy/dashboard.json -- monitoring dashboards)
  for name in $names; do
    change monitoring dashboards delete "$name"
  done
}

# Those of the files whose displayName is not in the project: missing FILE... -- GROUP...
missing() { compared missing "$@"; }

# What is in the project under a displayName of the files: present FILE... -- GROUP...
present() { compared present "$@"; }

# Of these, what has no channel.
silent() { compared silent "$@"; }

compared() {
  local which=$1 files=() ask=learn
  [[ $which != present ]] || ask=seen
  shift
  while [[ $1 != -- ]]; do
    files+=("$1")
    shift
  done
  shift
  "$ask" "$@" list --format='value(name,displayName,notificationChannels)' | python3 -c '
import json, sys
which, *files = sys.argv[1:]
lines = [line.split("\t") for line in sys.stdin.read().splitlines()]
there = {title: (name, "".join(channels)) for name, title, *channels in lines}
for file in files:
    name, channels = there.get(json.load(open(file))["displayName"], ("", ""))
    if which == "missing" and not name:
        print(file)
    if name and (which == "present" or which == "silent" and not channels):
        print(name)' "$which" "${files[@]}"
}
