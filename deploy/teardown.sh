#!/usr/bin/env bash
# Removes what deploy/gcp.sh made in a project of Google Cloud: deploy/teardown.sh [OPTIONS]
#
#   --project ID, --bucket NAME, --topic NAME, --key-name NAME    as they were given to gcp.sh
#   --delete-objects   delete the landing bucket with all that landed; else only if it is empty
#   --dry-run          show every gcloud command that would change something, and run none
#   --yes              do not ask
#
# It shows what will go and asks first. If it cannot find out whether something is there, it stops and
# says why. Services stay enabled, and App Engine cannot be deleted; the images and files that it keeps
# of its versions stay, and so do API keys of other names.

set -euo pipefail
shopt -s inherit_errexit # what fails in $(...) ends all
cd "$(dirname "$0")/.."
source deploy/steps/changing.sh
source deploy/steps/options.sh
source deploy/steps/monitoring.sh
source deploy/steps/removing.sh

tear_down() {
  monitoring_goes
  service_goes
  keys_go
  announcements_go
  bucket_goes
  account_goes
}

read_options "$@"
make_names
see_project
plan_and_apply "Remove this from project $project?" tear_down
