/** How the figures came about, in words; part of the document that a run writes. */
export const METHOD = `
- **Data**: the shape of TSBS's use case \`cpu-only\`, from a generator of our own with seeded random numbers (xoshiro128**):
  one measurement, ten fields, ten tags a host; every field a random walk within 0 to 100, written as a whole number, a
  point every 10 s. The first is at the latest midnight (UTC) after which the data fits, for TSBS's own 2016 is older
  than what a monitor accepts. The checksum is of all bytes that are sent; the same seed and start give the same bytes on any
  machine.
- **Load**: batches of 10,000 lines (100,000 samples); for remote write, requests of 100,000 samples, and in a table of their own of 10,000, each a series of its own
  as Prometheus sends them, a series always on the same connection. Two keep-alive connections, each with one request at a
  time, from a client on the same machine, whose CPU time is shown. The first 10 % are sent before the clock starts. Only
  samples of requests that were answered with 2xx are counted, and a run in which one is missing fails. A system that
  answers 503 gets the same batch again, and the time counts.
- **What 2xx means differs**: Bellwether answers after ClickHouse has written the samples to a part; VictoriaMetrics answers when
  they are in its memory, and writes them within seconds; Prometheus and InfluxDB answer after writing their log.
- **One server at a time** is running while it is loaded, on a fresh folder, on loopback; systems alternate from round to round; InfluxDB, which
  takes many times as long, is loaded once and asked nothing unless the run is \`--full\`. Bellwether is the
  monitor as built, with its embedded engine and its defaults; both processes are counted. Peers run with their
  defaults but for retention, which is unlimited.
- **CPU** is user and system time of the server and its children from /proc; **peak memory** the sum of their VmHWM;
  **bytes a sample** what all samples and their index occupy after everything was flushed and merged as far as the
  system offers (Bellwether: OPTIMIZE FINAL, active parts of all tables; VictoriaMetrics: force_flush and force_merge;
  Prometheus: a block by snapshot; InfluxDB: as it is, with its write-ahead log).
- **Queries**: TSBS's types as its code has them, the windows uniform from a seeded generator, the same for every system; a
  window longer than the data is cut to five sixths of it, and then buckets of which less than six would fit to 5 min or 1 min. After the load all servers are started anew on their data and
  left alone until they are idle (20 s at most). Then each is warmed up, for a monitor has been running for days, as a rule: of every type and form up to 1,000 queries,
  for at most 0.45 s but never fewer than three, with windows and hosts of their own. Only after that each type is measured, of one system right
  after the other (in turned order with each type and round), so that what else the machine does in these seconds falls on all of them, and only the one that is
  asked has something to do: up to 100 queries of the type (50 ms) once more, and
  then those that count, one at a time over one connection: at least ten a round, and of what takes little as many as fit into two thirds of a second, up
  to 334, the same ones for every system; the time is from sending to the last byte; CPU is that of the server and its
  children, in steps of 10 ms over all queries of a type. VictoriaMetrics gets the PromQL of
  TSBS's own driver with \`nocache=1\`; \`lastpoint\`, \`groupby-orderby-limit\` and \`high-cpu-*\`, which that driver does not offer, are written
  in MetricsQL. Bellwether gets tsquery, answered as columns and as Cloudera's JSON. In \`high-cpu-*\` all ten
  metrics are asked for at the times at which the first is above 90.
- **Parsing and planning**: the median of 200 \`EXPLAIN\`s after 2,000 to warm up, each with a text of its own: the steps parse, check, and
  choose entities and plan.
- **Steady load**: batches are due at fixed times, and latency counts from then, so that a server
  that falls behind is not spared. Memory is the resident size of all processes, every half second: the median in the second and
  in the last fifth of the time. **New series**: each of the 10,000 lines of a request is of a host that was never seen (ten series);
  meanwhile the maximum of one metric of eight hosts is asked five times a second, and its latency too counts from when it was due.
- **A type is asked** when all servers have been idle for a quarter of a second after the type before: collecting the garbage of answers
  of tens of megabytes is not counted to the small query that comes next. All systems alike.
- **Many agents**: batches of the agent's own format, from each host at a time of its own in the minute, 20 entities and 1,000
  series each: counters, constants, whole numbers, two decimals. Not measured: the first 90 s (\`--full\`: 5 min), in which the
  series are registered. A fold of ten minutes falls into the time that is measured, or not: it costs
  2.5 % of a core over two minutes, and 100 to 200 MB for a moment; \`--full\` has three.
- **Heartbeats**: agents that are simulated by one program beat every 15 s, each at a time of its own, with what 20 running processes have to
  tell; \`bellwether manager\` on a PostgreSQL of its own answers each at once. Measured after all have joined and beaten once.
- **node-exporter**: the real one's page of this machine, read every second while everything else is measured (at least 120, at most
  1,200 pages), then sent as remote write, stamped 15 s apart. The figure is what all tables but the rollups have grown by since the first page; that page brings the catalogue, whose weight does
  not grow with time. Counters move as in a second, not as in fifteen.
- **Folders** of earlier rounds stay until the end of the run, for all systems alike: ext4 makes files slowly for some time
  after many were removed. For the same reason each folder begins in a part of the disk of its own (\`chattr +T\`), away from what others remove.
- **Answers** are compared for three windows of each type (one, where that is a million values) that begin and end on a bucket's edge: PromQL's buckets hold their
  end and ours their start, so VictoriaMetrics is asked one second before the edge, which covers the same samples. Equal
  means: the same series, the same buckets, values equal to nine digits.
`.trim()
