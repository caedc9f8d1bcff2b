# What is deployed: the spec to Cloud Endpoints, the code to App Engine.
# shellcheck shell=bash

# A copy of what git knows of the service, with this project's values, and its version: a digest, so
# that the same code with the same values is deployed once.
stage_service() {
  stage=$(mktemp -d)
  trap 'rm -rf "$stage"' EXIT
  comm -z -23 <(git ls-files -z | sort -z) \
    <(git ls-files -z --cached --ignored --exclude-from=.gcloudignore | sort -z) |
    tar --create --null --files-from=- --file=- | tar --extract --directory="$stage" --file=- ||
    fail "the clone's files cannot be copied: git status may tell why."
  cp .gcloudignore "$stage"
  python3 deploy/fill_in.py "$stage" "HOST=$host" "ACCOUNT=$account" "LANDING_BUCKET=gs://$bucket" \
    "NOTIFICATION_TOPIC=projects/$project/topics/$topic" "SOURCE_BUCKETS=$source_buckets" \
    "API_KEYS_SECRET=projects/$project/secrets/$secret/versions/latest" ||
    fail "app.yaml or openapi.yaml cannot be filled in."
  version=landfall-$(cd "$stage" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12)
}

# This version, if it serves. One that somebody rolled back from is deployed again, and so is one that
# was stopped, which keeps its share of the traffic.
deployed() {
  look app versions list --service=default --format='value(id)' \
    --filter="id=$version AND traffic_split>0 AND version.servingStatus=SERVING" || true
}

# Before the spec: Endpoints' own way begins with it, and the service is named by its host.
# https://cloud.google.com/endpoints/docs/openapi/get-started-app-engine
app_engine() {
  step "App Engine in $app_region" "May you create it (roles/appengine.appCreator)? Has it such a region: gcloud app regions list?"
  there app describe || {
    change app create --region="$app_region"
    note "The region of App Engine can never be changed."
  }
}

spec() {
  step "Cloud Endpoints: $host" "If it was deleted in the last 30 days: gcloud endpoints services undelete $host --project=$project."
  is_deployed=$(deployed)
  [[ $is_deployed ]] || change endpoints services deploy "$stage/openapi.yaml"
  [[ $(look services list --enabled --filter="config.name=$host" --format='value(config.name)') ]] ||
    change services enable "$host" # in the project that owns the key
  grant "$member" roles/servicemanagement.serviceController endpoints services "$host"
}

app() {
  step "App Engine: version $version" "May you deploy (roles/appengine.appAdmin, roles/iam.serviceAccountUser)? If the build was refused, its log names the account and the right that it lacks."
  [[ $is_deployed ]] || change app deploy "$stage/app.yaml" --version="$version"
}
