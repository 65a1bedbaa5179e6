#!/usr/bin/env bash
# control.sh DAEMON [ARGS…]: runs one of Hadoop's HDFS daemons, or one of its tools, in the foreground.
set -e
. "$COMMON_SCRIPT"

daemon=$1
shift

# Hadoop of a parcel, of a tarball or of packages.
hdfs_program() {
  local home
  for home in "$CDH_HDFS_HOME" "$HADOOP_HDFS_HOME" "$HADOOP_HOME" /opt/hadoop /usr/lib/hadoop-hdfs /usr/lib/hadoop; do
    if [ -n "$home" ] && [ -x "$home/bin/hdfs" ]; then
      echo "$home/bin/hdfs"
      return
    fi
  done
  command -v hdfs || {
    echo "Hadoop is not installed: activate a parcel, or set HADOOP_HOME in the environment." 1>&2
    exit 1
  }
}

verify_java_home
program=$(hdfs_program)
export HADOOP_CONF_DIR=$CONF_DIR
export HADOOP_LOG_DIR
export HADOOP_ROOT_LOGGER=${HADOOP_ROOT_LOGGER:-INFO,RFA}
export HADOOP_IDENT_STRING=$HDFS_USER

if [ "$daemon" = makeDirectory ]; then
  : "${HDFS_DIRECTORY_PATH:?is not set: services that need a directory have commands that make it}"
  export HADOOP_ROOT_LOGGER=WARN,console
  # In safe mode, as after a start, nothing can be made.
  timeout 900 "$program" --config "$CONF_DIR" dfsadmin -safemode wait
  if "$program" --config "$CONF_DIR" dfs -test -d "$HDFS_DIRECTORY_PATH"; then
    echo "$HDFS_DIRECTORY_PATH is there already."
    exit 0
  fi
  "$program" --config "$CONF_DIR" dfs -mkdir -p "$HDFS_DIRECTORY_PATH"
  "$program" --config "$CONF_DIR" dfs -chmod "$HDFS_DIRECTORY_PERMISSIONS" "$HDFS_DIRECTORY_PATH"
  # Last: whoever sees the owner sees the rest.
  "$program" --config "$CONF_DIR" dfs -chown "$HDFS_DIRECTORY_OWNER" "$HDFS_DIRECTORY_PATH"
  exit 0
fi
options="-Xmx$HDFS_HEAP_BYTES $(replace_pid "$CSD_JAVA_OPTS") $HDFS_ROLE_JAVA_OPTS"
# Hadoop 3 takes HDFS_<DAEMON>_OPTS, Hadoop 2 HADOOP_<DAEMON>_OPTS.
name=$(echo "$daemon" | tr '[:lower:]' '[:upper:]')
export "HDFS_${name}_OPTS=$options"
export "HADOOP_${name}_OPTS=$options"

# The formatted file system is never formatted again: -nonInteractive makes Hadoop refuse.
exec "$program" --config "$CONF_DIR" "$daemon" "$@"
