#!/usr/bin/env bash
# First program of every process: run.sh role|client PROGRAM ARGS…
# Sets the stage in the process directory, which is the working directory, and becomes the program.

mode=$1
shift

CONF_DIR=$(pwd -P)
export CONF_DIR
export COMMON_SCRIPT=$CONF_DIR/common/cloudera-config.sh
export CMF_CONF_DIR=${CMF_CONF_DIR-}
. "$COMMON_SCRIPT"

source_parcel_environment
locate_java_home_no_verify
make_scripts_executable

if [ "$mode" != client ]; then
  replace_conf_dir
  program=$1
  shift
  exec "$CONF_DIR/$program" "$@"
fi

# Client configuration is read where it is deployed to, so that is what its files have to name.
if [ $# -gt 0 ]; then
  program=$1
  shift
  "$CONF_DIR/$program" "$@"
  status=$?
  [ $status -eq 0 ] || exit $status
fi
_replace_in_files '{{CMF_CONF_DIR}}' "$DEST_PATH"
