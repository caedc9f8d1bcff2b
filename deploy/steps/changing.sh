# How Google Cloud is looked at and changed. Whoever sources this sets `project`, and `mode`: in
# `plan` each change is only shown, in `apply` it is made. Each step says first what to do if it fails.
# shellcheck shell=bash

changes=0

step() { # step TITLE REMEDY
  printf '\n%s\n' "$1"
  remedy=$2
}

note() { printf '  note: %s\n' "$1"; }

fail() {
  printf '\nStopped: %s\n' "$1" >&2
  exit 1
}

# Whether something is there. What cannot be seen counts as absent: making it then fails, and says why.
there() { look "$@" >/dev/null; }

look() { gcloud "$@" --project="$project" --quiet 2>/dev/null </dev/null; }

# Whether something is there to be removed.
stands() {
  local said
  said=$(seen "$@") || exit 1
  [[ $said ]]
}

# What gcloud says of something to be removed; nothing if it is not there. If only that cannot be
# known, all ends: it might stay, and cost.
seen() {
  local errors
  { errors=$(gcloud "$@" --project="$project" --quiet 2>&1 >&3 </dev/null); } 3>&1 || is_absence "$errors" "$1" || {
    printf '%s\n' "$errors" >&2
    stop "What cannot be looked at may still be there, and cost. "
  }
}

# Whether this error says that there is no such thing: is_absence ERROR GROUP. "(or it may not exist)"
# and "not found or permission denied" leave it open, and so does what gcloud itself lacks.
is_absence() {
  local ours="project(s/| \\[?)($project|$project_number)([^0-9a-z-]|\$)"
  case $1 in
    *credential* | *configuration*) return 1 ;;
    *SERVICE_DISABLED* | *'has not been used in project'* | *'not enabled on project'*)
      [[ $2 != storage && $1 =~ $ours ]] # nothing of such a service runs, but objects stay
      ;;
    *PERMISSION_DENIED* | *permission*) return 1 ;;
    *NOT_FOUND* | *'not found'* | *'does not exist'* | *'HTTPError 404'*) ;;
    *'does not contain an App Engine application'* | *'matched no objects'*) ;;
    *) return 1 ;;
  esac
}

# What decides about a change must be known for certain, except while only planning: a service that
# will be enabled first cannot answer yet.
learn() {
  if [[ $mode == plan ]]; then
    look "$@" || true
  else
    gcloud "$@" --project="$project" --quiet </dev/null || fail "$remedy"
  fi
}

change() {
  show "$@"
  [[ $mode == plan ]] || gcloud "$@" --project="$project" --quiet >/dev/null || stop
}

# For rights: a new account may take a minute or two until it can be given any.
change_patiently() {
  local tries
  show "$@"
  [[ $mode == apply ]] || return 0
  for ((tries = 1; tries <= 12; tries++)); do
    ! gcloud "$@" --project="$project" --quiet >/dev/null </dev/null || return 0
    note "Not taken yet. Trying again in 10 seconds."
    sleep 10
  done
  stop
}

# For a command whose answer holds a secret: it is seen by nobody, and an error only if it failed.
change_unseen() {
  local said
  show "$@"
  [[ $mode == plan ]] || said=$(gcloud "$@" --project="$project" --quiet 2>&1 </dev/null) || {
    printf '%s\n' "$said" >&2
    stop
  }
}

show() {
  changes=$((changes + 1))
  printf '  gcloud'
  printf ' %q' "$@" "--project=$project" --quiet
  printf '\n'
}

stop() { fail "${1-}$remedy Then run this again: what is done is not done twice."; }

# Whether a member holds a role: granted MEMBER ROLE GROUP... NAME
granted() {
  local member=$1 role=$2
  shift 2
  [[ $(roles_of "$member" "$@") == *" $role "* ]]
}

# The roles that a member holds there, between spaces: roles_of MEMBER GROUP... NAME
roles_of() {
  local member=$1
  shift
  printf ' '
  { look "${@:1:$#-1}" get-iam-policy "${!#}" --flatten='bindings[].members' \
    --format='value(bindings.members,bindings.role)' || true; } |
    while IFS=$'\t' read -r holder role; do
      [[ $holder != "$member" ]] || printf '%s ' "$role"
    done
}

grant() {
  granted "$@" || binding add "$@"
}

binding() { # binding add|remove MEMBER ROLE GROUP... NAME
  local verb=$1 member=$2 role=$3 condition=(--condition=None)
  shift 3
  [[ $1 != pubsub && $1 != endpoints ]] || condition=() # these know no conditions
  change_patiently "${@:1:$#-1}" "$verb-iam-policy-binding" "${!#}" --member="$member" --role="$role" \
    "${condition[@]}"
}

# Show what steps would change, ask, and change it: plan_and_apply QUESTION FUNCTION. With --yes
# nobody reads a plan, so each change is shown as it is made.
plan_and_apply() {
  if [[ $dry_run || ! $yes ]]; then
    mode=plan
    "$2"
    ((changes == 0)) || printf '\n%s changes, as above.\n' "$changes"
  fi
  if [[ $dry_run ]]; then
    printf '\nThis was a dry run: nothing was changed.\n'
    return
  fi
  [[ $yes ]] || ((changes == 0)) || agreed "$1" || fail "nothing was changed."
  if [[ $yes ]] || ((changes > 0)); then
    changes=0 mode=apply
    "$2"
  fi
  ((changes > 0)) || printf '\nNothing is to be changed.\n'
}

agreed() {
  local answer=''
  read -r -p "$1 [y/N] " answer || true
  [[ $answer == [yY] ]]
}
