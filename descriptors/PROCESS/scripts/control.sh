#!/usr/bin/env bash
# control.sh start: becomes the configured program.

command=$PROCESS_COMMAND
arguments=()
[ -z "$PROCESS_ARGUMENTS" ] || mapfile -t arguments <<< "$PROCESS_ARGUMENTS"

if [ -z "$command" ] || [ ! -x "$command" ]; then
  echo "The program '$command' does not exist or may not be executed by $(id -un)." 1>&2
  exit 127
fi
if [ -n "$PROCESS_WORKING_DIRECTORY" ]; then
  cd "$PROCESS_WORKING_DIRECTORY" || exit 1
fi
unset PROCESS_COMMAND PROCESS_ARGUMENTS PROCESS_WORKING_DIRECTORY
exec "$command" "${arguments[@]}"
