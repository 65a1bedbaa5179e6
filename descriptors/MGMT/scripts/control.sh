#!/usr/bin/env bash
# control.sh ROLE: runs one of our own roles, from the installation of the agent that started it.
# The agent says where that is: BELLWETHER_NODE is the node program, BELLWETHER_MAIN our main file.

# An empty variable is not set: the default holds.
for name in $(compgen -e BELLWETHER_); do
  [ -n "${!name}" ] || unset "$name"
done
if [ -n "$BELLWETHER_MAIN" ]; then
  exec "${BELLWETHER_NODE:-node}" "$BELLWETHER_MAIN" "$1"
fi
if ! command -v bellwether > /dev/null; then
  echo "bellwether is not in the PATH, and the agent has not set BELLWETHER_MAIN." 1>&2
  exit 127
fi
exec bellwether "$1"
