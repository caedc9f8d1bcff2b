# Where objects land and how they are announced: bucket, topics, subscriptions.
# shellcheck shell=bash

services=(
  apikeys appengine appengineflex artifactregistry cloudbuild cloudresourcemanager cloudtrace
  compute endpoints iam logging monitoring pubsub secretmanager servicecontrol servicemanagement
  storage telemetry
)

enabled_services() {
  step "Google's services" "Is billing on, and may you enable services (roles/serviceusage.serviceUsageAdmin)?"
  local enabled name missing=()
  enabled=$(look services list --enabled --format='value(config.name)') || true
  for name in "${services[@]}"; do
    grep -qx "$name.googleapis.com" <<<"$enabled" || missing+=("$name.googleapis.com")
  done
  ((${#missing[@]} == 0)) || change services enable "${missing[@]}"
}

landing_bucket() {
  step "Landing bucket gs://$bucket" "Names of buckets are unique in the world: is this one somebody else's? Choose another with --bucket."
  local present
  if ! there storage buckets describe "gs://$bucket"; then
    change storage buckets create "gs://$bucket" --location="$region" \
      --uniform-bucket-level-access --public-access-prevention
    change storage buckets update "gs://$bucket" --lifecycle-file=deploy/lifecycle.json
    note "Soft delete keeps, and bills, what is deleted for seven more days, parts of large objects"
    note "too. To do without: gcloud storage buckets update gs://$bucket --clear-soft-delete"
    return
  fi
  present=$(learn storage buckets describe "gs://$bucket" \
    --format='json(lifecycle_config,public_access_prevention,uniform_bucket_level_access)')
  [[ $present == *'"enforced"'* && $present == *'"uniform_bucket_level_access": true'* ]] ||
    change storage buckets update "gs://$bucket" --uniform-bucket-level-access --public-access-prevention
  case $present in
    *.landfall/parts/*) ;;
    *'"rule"'*) note "The bucket has lifecycle rules of its own. Add that of deploy/lifecycle.json by hand." ;;
    *) change storage buckets update "gs://$bucket" --lifecycle-file=deploy/lifecycle.json ;;
  esac
}

announcements() {
  step "Topic $topic, its dead letters, an example subscription" "May you make topics and grant rights on them (roles/pubsub.admin)?"
  local agent name
  for name in "$topic" "$dead_letters"; do
    there pubsub topics describe "$name" || change pubsub topics create "$name"
  done
  # First: without it, dead letters would be lost.
  there pubsub subscriptions describe "$dead_letters" ||
    change pubsub subscriptions create "$dead_letters" --topic="$dead_letters" \
      --message-retention-duration=31d --expiration-period=never
  there pubsub subscriptions describe "$worker" ||
    change pubsub subscriptions create "$worker" --topic="$topic" --ack-deadline=600 \
      --min-retry-delay=10s --max-retry-delay=600s --max-delivery-attempts=10 \
      --dead-letter-topic="$dead_letters" --message-retention-duration=7d --expiration-period=never
  agent=serviceAccount:service-$project_number@gcp-sa-pubsub.iam.gserviceaccount.com
  granted "$agent" roles/pubsub.publisher pubsub topics "$dead_letters" ||
    change beta services identity create --service=pubsub.googleapis.com # else it may not exist yet
  grant "$agent" roles/pubsub.publisher pubsub topics "$dead_letters"
  grant "$agent" roles/pubsub.subscriber pubsub subscriptions "$worker"
}

# For `reconcile.py follow`.
bucket_notifications() {
  step "The bucket's own notifications, for reconcile.py follow" "May you change the bucket (roles/storage.admin)?"
  there pubsub topics describe "$finalized" || change pubsub topics create "$finalized"
  there pubsub subscriptions describe "$finalized" ||
    change pubsub subscriptions create "$finalized" --topic="$finalized" --ack-deadline=60 \
      --message-retention-duration=7d --expiration-period=never
  local present
  present=$(learn storage buckets notifications list "gs://$bucket" --format=json)
  [[ $present == *"/topics/$finalized\""* ]] ||
    change storage buckets notifications create "gs://$bucket" --event-types=OBJECT_FINALIZE \
      --payload-format=json --topic="projects/$project/topics/$finalized"
}
