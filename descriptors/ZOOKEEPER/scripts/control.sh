#!/usr/bin/env bash
# control.sh start: runs a ZooKeeper server from the files of the process directory.
# control.sh await-quorum: waits until the server of this host serves clients, and fails after three minutes.
set -e
. "$COMMON_SCRIPT"

# Jars of a parcel or a tarball in ZOOKEEPER_HOME (or CDH_ZOOKEEPER_HOME), or Debian's.
zookeeper_classpath() {
  local home
  for home in "$ZOOKEEPER_HOME" "$CDH_ZOOKEEPER_HOME" /opt/zookeeper /usr/lib/zookeeper; do
    if [ -n "$home" ] && { compgen -G "$home/zookeeper*.jar" || compgen -G "$home/lib/zookeeper*.jar"; } > /dev/null; then
      echo "$home/*:$home/lib/*"
      return
    fi
  done
  if [ -f /usr/share/java/zookeeper.jar ]; then
    echo "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-log4j12.jar:/usr/share/java/log4j-1.2.jar"
    return
  fi
  echo "ZooKeeper is not installed: install the package zookeeper, or set ZOOKEEPER_HOME in the environment." 1>&2
  exit 1
}

write_myid() {
  local file=$ZOOKEEPER_DATA_DIR/myid
  # Debian's package puts a link to its example here.
  if [ -s "$file" ] && [ ! -L "$file" ] && [ "$(tr -d '[:space:]' < "$file")" != "$ZOOKEEPER_SERVER_ID" ]; then
    echo "$file says that this is the data of server $(cat "$file"), not $ZOOKEEPER_SERVER_ID." \
      "Set the server id to that, or move the data away." 1>&2
    exit 1
  fi
  rm -f "$file"
  echo "$ZOOKEEPER_SERVER_ID" > "$file"
}

start() {
  verify_java_home
  local classpath options
  classpath=$(zookeeper_classpath)
  mkdir -p "$ZOOKEEPER_DATA_DIR" "$ZOOKEEPER_DATA_LOG_DIR" "$ZOOKEEPER_LOG_DIR"
  write_myid
  # Both hold options that are separated by blanks.
  read -r -a options <<< "$(replace_pid "$CSD_JAVA_OPTS") $ZOOKEEPER_JAVA_OPTS"
  exec "$JAVA_HOME/bin/java" "-Xmx$ZOOKEEPER_HEAP_BYTES" "${options[@]}" \
    "-Dzookeeper.log.dir=$ZOOKEEPER_LOG_DIR" \
    "-Dlog4j.configuration=file:$CONF_DIR/log4j.properties" \
    "-Dlogback.configurationFile=$CONF_DIR/logback.xml" \
    -cp "$CONF_DIR:$classpath" \
    org.apache.zookeeper.server.quorum.QuorumPeerMain "$CONF_DIR/zoo.cfg"
}

# What the server answers to srvr; a server outside a quorum names no mode.
ask_server() {
  exec 3<> "/dev/tcp/127.0.0.1/$ZOOKEEPER_CLIENT_PORT" || return
  echo -n srvr >&3
  timeout 10 cat <&3
  exec 3<&- 3>&-
}

await_quorum() {
  local answer deadline=$((SECONDS + 180))
  while [ "$SECONDS" -lt "$deadline" ]; do
    answer=$(ask_server 2> /dev/null) || true
    case $answer in
      *Mode:*)
        echo "${answer##*Mode:}" | head -n 1
        return
        ;;
      *whitelist*)
        echo "The server may not say whether it is in a quorum: srvr is not among its four letter words." 1>&2
        return
        ;;
    esac
    sleep 0.5
  done
  echo "The server is not in a quorum after three minutes. It said: ${answer:-nothing}" 1>&2
  exit 1
}

case $1 in
  start) start ;;
  await-quorum) await_quorum ;;
  *)
    echo "control.sh knows start and await-quorum, not $1" 1>&2
    exit 2
    ;;
esac
