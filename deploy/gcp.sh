#!/usr/bin/env bash
# Sets Landfall up in a project of Google Cloud, or brings it up to date: deploy/gcp.sh [OPTIONS]
#
#   --source-buckets GLOBS   S3 buckets that may be landed, such as images-*,models (needed). Those of China,
#                            GovCloud or the EU's sovereign cloud also need S3_PARTITIONS in app.yaml
#   --project ID             default: that of gcloud config
#   --region REGION          of bucket and service; default us-central1. Choose one near the S3 buckets
#   --bucket NAME            the landing bucket; default PROJECT-landing
#   --topic NAME             of the notifications; default landed
#   --key-name NAME          whose API key to make; default lambda. Another name adds another key
#   --alert-channels NAMES   whom alerts tell: projects/P/notificationChannels/N, separated by commas
#   --dry-run                show every gcloud command that would change something, and run none
#   --yes                    do not ask
#
# It shows what it will change and asks first. What is there stays, so it may be run again at any time.

set -euo pipefail
shopt -s inherit_errexit # what fails in $(...) ends all
cd "$(dirname "$0")/.."
source deploy/steps/changing.sh
source deploy/steps/options.sh
source deploy/steps/landing.sh
source deploy/steps/rights.sh
source deploy/steps/api_key.sh
source deploy/steps/service.sh
source deploy/steps/monitoring.sh
source deploy/steps/smoke_test.sh

set_up() {
  enabled_services
  landing_bucket
  announcements
  bucket_notifications
  service_account
  rights
  app_engine
  spec
  api_key
  app
  monitoring
}

read_options "$@"
make_names
matches "$source_buckets" '[A-Za-z0-9._*?,-]+' "name the S3 buckets with --source-buckets, * and ? allowed"
key=''
see_project
stage_service
plan_and_apply "Change this in project $project?" set_up
if [[ ! $dry_run ]]; then
  smoke_test
  printf '\nFor the forwarder:    ENDPOINT_URL=https://%s/processmessage\n' "$host"
  printf 'For reconcile.py:     FINALIZE_SUBSCRIPTION=projects/%s/subscriptions/%s\n' "$project" "$finalized"
fi
