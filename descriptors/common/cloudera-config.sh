# Shell library for the scripts of service descriptors.
#
# Descriptors made for Cloudera Manager source $COMMON_SCRIPT at their start and call these functions. The names and what they
# promise are that contract; see docs/descriptors.md. Meant for bash; sourcing it changes nothing by itself.

# --- Java ------------------------------------------------------------------------------------------------------------

# Sets JAVA_HOME when it is not set: a JDK or JRE of major version BIGTOP_JAVA_MAJOR where that is given, else any.
_find_java_home() {
  if [ -n "$JAVA_HOME" ]; then
    export JAVA_HOME
    return 0
  fi
  local wanted=${BIGTOP_JAVA_MAJOR:-} candidate
  for candidate in /usr/lib/jvm/*"$wanted"* /usr/java/*"$wanted"* /opt/java/*"$wanted"* /usr/lib/jvm/default-java; do
    if [ -x "$candidate/bin/java" ]; then
      export JAVA_HOME=$candidate
      return 0
    fi
  done
  if [ -z "$wanted" ] && command -v java > /dev/null 2>&1; then
    candidate=$(readlink -f "$(command -v java)")
    export JAVA_HOME=${candidate%/bin/java}
    return 0
  fi
  return 1
}

verify_java_home() {
  if [ -z "$JAVA_HOME" ] || [ ! -x "$JAVA_HOME/bin/java" ]; then
    echo "No Java found${JAVA_HOME:+ in JAVA_HOME=$JAVA_HOME}. Install one, or set the host's Java home." 1>&2
    exit 1
  fi
  echo "JAVA_HOME=$JAVA_HOME"
}

locate_java_home_no_verify() {
  _find_java_home || true
}

locate_java_home() {
  locate_java_home_no_verify
  verify_java_home
}

locate_cdh_java_home() {
  locate_java_home
}

# get_java_major_version VAR: sets VAR to 8, 11, 17, …
get_java_major_version() {
  if [ ! -x "$JAVA_HOME/bin/java" ]; then
    echo "JAVA_HOME must be set" 1>&2
    exit 1
  fi
  local _version
  _version=$("$JAVA_HOME/bin/java" -version 2>&1 | sed -n 's/.*version "\([0-9._]*\).*/\1/p' | head -n 1)
  case $_version in
    1.*) _version=${_version#1.} ;;
  esac
  printf -v "$1" '%s' "${_version%%[._]*}"
}

# Sets BASIC_GC_TUNING_ARGS from JAVA<major>_GC_TUNING_ARGS; without it the JVM chooses.
set_basic_gc_tuning_args_based_on_java_version() {
  local _major _name
  get_java_major_version _major
  _name="JAVA${_major}_GC_TUNING_ARGS"
  BASIC_GC_TUNING_ARGS=${!_name:-}
}

# Sets ADDITIONAL_JVM_ARGS from JAVA<major>_ADDITIONAL_JVM_ARGS.
set_additional_jvm_args_based_on_java_version() {
  local _major _name
  get_java_major_version _major
  _name="JAVA${_major}_ADDITIONAL_JVM_ARGS"
  ADDITIONAL_JVM_ARGS=${!_name:-}
}

# replace_gc_args OPTIONS GC_ARGS: prints OPTIONS with {{JAVA_GC_ARGS}} replaced.
replace_gc_args() {
  echo "${1//'{{JAVA_GC_ARGS}}'/"$2"}"
}

# Options that suit every JVM that we start.
get_generic_java_opts() {
  export GENERIC_JAVA_OPTS="-Djava.net.preferIPv4Stack=true"
}

# --- Process directory -----------------------------------------------------------------------------------------------

# replace_pid OPTIONS…: prints them with {{PID}} replaced by this shell's pid, which a later exec keeps.
replace_pid() {
  echo "${@//'{{PID}}'/$$}"
}

# _replace_in_files TOKEN VALUE: in all text files of the process directory but logs, key files and the common library.
_replace_in_files() {
  local value
  value=$(printf '%s' "$2" | sed 's/[&#\\]/\\&/g')
  find "$CONF_DIR" -type f ! -path "$CONF_DIR/logs/*" ! -path "$CONF_DIR/common/*" \
    ! -name '*.keytab' ! -name '*.jceks' ! -name '*.jks' -exec grep -lIF -e "$1" {} + 2> /dev/null |
    while IFS= read -r file; do
      sed -i "s#$1#$value#g" "$file"
    done
}

replace_conf_dir() {
  _replace_in_files '{{CMF_CONF_DIR}}' "$CONF_DIR"
}

make_scripts_executable() {
  find "$CONF_DIR" -type f \( -name '*.sh' -o -name '*.py' \) ! -path "$CONF_DIR/logs/*" \
    -exec chmod u+x {} + 2> /dev/null || true
}

# --- Parcels ---------------------------------------------------------------------------------------------------------

# Sources the defines script of each parcel, with PARCEL_DIRNAME set to the parcel's folder name.
source_parcel_environment() {
  [ -n "$SCM_DEFINES_SCRIPTS" ] || return 0
  local _scripts _names _i
  IFS=: read -r -a _scripts <<< "$SCM_DEFINES_SCRIPTS"
  IFS=: read -r -a _names <<< "$PARCEL_DIRNAMES"
  if [ "${#_scripts[@]}" -ne "${#_names[@]}" ]; then
    echo "SCM_DEFINES_SCRIPTS and PARCEL_DIRNAMES differ in length" 1>&2
    exit 1
  fi
  for _i in "${!_scripts[@]}"; do
    if [ -f "${_scripts[$_i]}" ]; then
      export PARCEL_DIRNAME=${_names[$_i]}
      . "${_scripts[$_i]}"
    fi
  done
}

# --- Results ---------------------------------------------------------------------------------------------------------

_report_status() {
  case " $CM_STATUS_CODES " in
    *" $1 "*) echo "CM_STATUS_CODE=$1" 1>&2 ;;
    *)
      echo "Status code '$1' is not one of: $CM_STATUS_CODES" 1>&2
      exit 1
      ;;
  esac
}

cm_error_and_exit() {
  _report_status "$1"
  exit 1
}

cm_success_and_exit() {
  _report_status "$1"
  exit 0
}

# --- Kerberos --------------------------------------------------------------------------------------------------------

# acquire_kerberos_tgt KEYTAB: a ticket for SCM_KERBEROS_PRINCIPAL from a keytab of the process directory.
acquire_kerberos_tgt() {
  if [ -z "$1" ]; then
    echo "acquire_kerberos_tgt needs the name of the keytab file" 1>&2
    exit 1
  fi
  [ -n "$SCM_KERBEROS_PRINCIPAL" ] || return 0
  export KRB5CCNAME="$CONF_DIR/krb5cc_$(id -u)"
  if ! kinit -c "$KRB5CCNAME" -kt "$CONF_DIR/$1" "$SCM_KERBEROS_PRINCIPAL"; then
    echo "No Kerberos ticket for $SCM_KERBEROS_PRINCIPAL" 1>&2
    exit 1
  fi
  # Some clients only take a ticket that has been renewed; those that cannot be are good as they are.
  kinit -c "$KRB5CCNAME" -R 2> /dev/null || true
}

# --- Class paths -----------------------------------------------------------------------------------------------------

# set_classpath_in_var VAR: appends CM_ADD_TO_CP_DIRS' jars to the class path in VAR.
set_classpath_in_var() {
  [ -n "$1" ] || { echo "set_classpath_in_var needs the name of a variable" 1>&2; exit 1; }
  local _dir _jar _path=${!1}
  for _dir in ${CM_ADD_TO_CP_DIRS:-}; do
    for _jar in "$_dir"/*.jar; do
      [ -f "$_jar" ] && _path="${_path:+$_path:}$_jar"
    done
  done
  export "$1=$_path"
}

set_hadoop_classpath() { set_classpath_in_var HADOOP_CLASSPATH; }
set_hbase_classpath() { set_classpath_in_var HBASE_CLASSPATH; }
set_zookeeper_classpath() { set_classpath_in_var CLASSPATH; }
set_flume_classpath() { set_classpath_in_var FLUME_CLASSPATH; }
set_hive_classpath() { set_classpath_in_var AUX_CLASSPATH; }

# What follows belongs to products that are not managed here; scripts may still call it.
locate_hbase_script() { HBASE_BIN=${CDH_HBASE_HOME:-/usr/lib/hbase}/bin/hbase; export HBASE_BIN; }
replace_hive_hbase_jars_template() { :; }
skip_if_tables_exist() { :; }
