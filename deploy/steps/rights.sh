# Who the service is, and the least that it may do.
# shellcheck shell=bash

service_account() {
  step "Service account $account" "May you make service accounts (roles/iam.serviceAccountAdmin)?"
  there iam service-accounts describe "$account" ||
    change iam service-accounts create landfall --display-name=Landfall
  there secrets describe "$secret" || change secrets create "$secret" --replication-policy=automatic
}

rights() {
  step "Its rights" "May you grant rights (roles/owner)?"
  local role held
  grant "$member" roles/storage.objectUser storage buckets "gs://$bucket"
  grant "$member" roles/pubsub.publisher pubsub topics "$topic"
  grant "$member" roles/pubsub.subscriber pubsub subscriptions "$finalized"
  grant "$member" roles/secretmanager.secretAccessor secrets "$secret"
  held=$(roles_of "$member" projects "$project")
  for role in "${project_roles[@]}"; do
    [[ $held == *" $role "* ]] || binding add "$member" "$role" projects "$project"
  done
}
