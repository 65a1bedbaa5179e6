/**
 * Built-in types of the field. A descriptor that takes one of these names loads with a warning, so that a type we do not
 * bring ourselves can come from a jar; one that we do bring is refused by the loader.
 */
export const reservedServiceTypes: ReadonlySet<string> = new Set(
  'HDFS MAPREDUCE HBASE OOZIE ZOOKEEPER HUE YARN IMPALA FLUME HIVE SOLR SQOOP KS_INDEXER SENTRY MGMT'.split(
    ' ',
  ),
)
