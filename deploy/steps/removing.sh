# What teardown.sh removes, in the order in which nothing is lost on the way.
# shellcheck shell=bash

service_goes() {
  step "Service $host" "May you stop versions and delete services (roles/appengine.appAdmin, roles/servicemanagement.admin)?"
  local version versions names
  if stands app describe; then
    versions=$(seen app versions list --service=default \
      --filter="id:landfall-* AND version.servingStatus=SERVING" --format='value(id)')
    for version in $versions; do
      change app versions stop "$version" --service=default
    done
    note "App Engine cannot be deleted. Its versions are stopped; disable the application in the"
    note "console (App Engine, Settings), or delete the project."
  fi
  names=$(seen endpoints services list --format='value(serviceName)') # describe would leave it open
  ! grep -qxF "$host" <<<"$names" || change endpoints services delete "$host"
}

keys_go() {
  step "API key $key_title, and the secret $secret with all digests" "May you delete them (roles/serviceusage.apiKeysAdmin, roles/secretmanager.admin)?"
  local key_id key_ids
  key_ids=$(seen services api-keys list --filter="$of_key_title" --format='value(name)')
  for key_id in $key_ids; do
    change services api-keys delete "$key_id"
  done
  ! stands secrets describe "$secret" || change secrets delete "$secret"
}

announcements_go() {
  step "Subscriptions and topics" "May you delete them (roles/pubsub.admin)?"
  local name names
  names=$(bucket_notification_ids)
  for name in $names; do
    change storage buckets notifications delete "projects/_/buckets/$bucket/notificationConfigs/$name"
  done
  for name in "$worker" "$finalized" "$dead_letters"; do
    ! stands pubsub subscriptions describe "$name" || change pubsub subscriptions delete "$name"
  done
  for name in "$topic" "$finalized" "$dead_letters"; do
    ! stands pubsub topics describe "$name" || change pubsub topics delete "$name"
  done
}

# Of those alone that go to our topic: the bucket may have others.
bucket_notification_ids() {
  seen storage buckets notifications list "gs://$bucket" --format=json | python3 -c '
import json, sys
for found in json.loads(sys.stdin.read() or "[]"):
    configuration = found["Notification Configuration"]
    if configuration["topic"].endswith("/topics/" + sys.argv[1]):
        print(configuration["id"])' "$finalized"
}

bucket_goes() {
  step "Landing bucket gs://$bucket" "May you delete it (roles/storage.admin)?"
  stands storage buckets describe "gs://$bucket" || return 0
  if [[ $delete_objects ]]; then
    note "Every object that landed goes with it."
    change storage rm --recursive "gs://$bucket"
  elif stands storage ls "gs://$bucket"; then
    note "The bucket holds objects, so it stays. --delete-objects deletes it with all of them."
    seen storage buckets get-iam-policy "gs://$bucket" >/dev/null # or a right would pass unseen
    ! granted "$member" roles/storage.objectUser storage buckets "gs://$bucket" ||
      binding remove "$member" roles/storage.objectUser storage buckets "gs://$bucket"
  else
    change storage buckets delete "gs://$bucket" # Google refuses one that is not empty
  fi
}

account_goes() {
  step "Service account $account" "May you delete it (roles/iam.serviceAccountAdmin) and take rights back (roles/owner)?"
  local role held
  stands iam service-accounts describe "$account" || return 0
  seen projects get-iam-policy "$project" >/dev/null # the same
  held=$(roles_of "$member" projects "$project")
  for role in "${project_roles[@]}"; do
    [[ $held != *" $role "* ]] || binding remove "$member" "$role" projects "$project"
  done
  change iam service-accounts delete "$account"
}
