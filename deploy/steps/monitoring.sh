# Dashboard and alerts. What is there by its name stays as it is.
# shellcheck shell=bash

monitoring() {
  step "Dashboard and alerts" "May you change them (roles/monitoring.editor)?"
  local file files to=()
  files=$(missing deploy/dashboard.json -- monitoring dashboards)
  for file in $files; do
    change monitoring dashboards create --config-from-file="$file"
  done
  [[ ! $channels ]] || to=("--notification-channels=$channels")
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

compared() {
  local which=$1 files=() ask=learn
  [[ $which == missing ]] || ask=look # what cannot be seen is not there to be removed
  shift
  while [[ $1 != -- ]]; do
    files+=("$1")
    shift
  done
  shift
  { "$ask" "$@" list --format='value(name,displayName)' || [[ $ask == look ]]; } | python3 -c '
import json, sys
which, *files = sys.argv[1:]
there = dict(reversed(line.split("\t")) for line in sys.stdin.read().splitlines())
for file in files:
    title = json.load(open(file))["displayName"]
    if (title in there) == (which == "present"):
        print(there.get(title, file))' "$which" "${files[@]}"
}
