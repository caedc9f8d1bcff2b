# The options of gcp.sh and teardown.sh, and the names of all that Landfall has in a project.
# shellcheck shell=bash disable=SC2034 # whoever sources this uses them

project='' region=us-central1 bucket='' topic=landed source_buckets='' key_name=lambda channels=''
dry_run='' yes='' delete_objects=''

usage() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
  exit "$1"
}

read_options() {
  while (($#)); do
    case $1 in
      --help | -h) usage 0 ;;
      --dry-run) dry_run=yes ;;
      --yes) yes=yes ;;
      --delete-objects) delete_objects=yes ;;
      --project=* | --region=* | --bucket=* | --topic=* | --source-buckets=* | --key-name=* | --alert-channels=*)
        set_option "${1%%=*}" "${1#*=}"
        ;;
      --project | --region | --bucket | --topic | --source-buckets | --key-name | --alert-channels)
        (($# > 1)) || fail "$1 needs a value."
        set_option "$1" "$2"
        shift
        ;;
      *) fail "there is no option $1: see $0 --help." ;;
    esac
    shift
  done
}

set_option() {
  case $1 in
    --project) project=$2 ;;
    --region) region=$2 ;;
    --bucket) bucket=${2#gs://} ;;
    --topic) topic=$2 ;;
    --source-buckets) source_buckets=$2 ;;
    --key-name) key_name=$2 ;;
    --alert-channels) channels=$2 ;;
  esac
}

make_names() {
  command -v gcloud >/dev/null || fail "gcloud is not there: https://cloud.google.com/sdk/docs/install"
  [[ $project ]] || project=$(gcloud config get-value project 2>/dev/null </dev/null) || true
  matches "$project" '[a-z][a-z0-9-]{4,28}[a-z0-9]' "say which project with --project, by its ID"
  [[ $bucket ]] || bucket=$project-landing
  matches "$bucket" '[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]' "--bucket must be the name of a bucket"
  matches "$topic" '[A-Za-z][A-Za-z0-9_-]{2,200}' "--topic must be a name without projects/"
  matches "$region" '[a-z0-9-]+' "--region must be a region such as europe-west2"
  matches "$key_name" '[A-Za-z0-9_.-]{1,50}' "--key-name must be letters, digits, dots and dashes"

  dead_letters=$topic-dead-letters # a topic, and its only subscription
  worker=$topic-worker             # a subscription, as an example for consumers
  finalized=$topic-finalized       # the bucket's own notifications: a topic and its subscription
  secret=landfall-api-keys
  account=landfall@$project.iam.gserviceaccount.com
  member=serviceAccount:$account
  host=$project.appspot.com
  key_title=landfall-$key_name
  # Not with =, which gcloud says will match longer names too; nor with --limit, which this list applies
  # before the filter.
  of_key_title="displayName~^${key_title//./\\.}\$"
  # App Engine has other names for two regions.
  app_region=$region
  case $region in us-central1 | europe-west1) app_region=${region%1} ;; esac
}

# A dry run needs no project: everything is shown as missing.
see_project() {
  if ! project_number=$(look projects describe "$project" --format='value(projectNumber)'); then
    [[ $dry_run ]] || fail "the project $project cannot be seen: gcloud auth login, or another --project."
    project_number=PROJECT_NUMBER
  fi
}

matches() { # matches VALUE PATTERN WORDS
  [[ $1 =~ ^($2)$ ]] || fail "$3, not '$1'."
}

# What the service's account may do in the whole project, and why.
project_roles=(
  roles/artifactregistry.reader # App Engine's machines fetch the image
  roles/logging.logWriter
  roles/monitoring.metricWriter
  roles/cloudtrace.agent # the gateway's traces
  roles/telemetry.writer # Landfall's own
)
