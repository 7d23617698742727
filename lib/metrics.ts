/**
 * The metrics, as Prometheus reads them: everything is counted elsewhere, in plain numbers, and looked at when
 * somebody asks.
 *
 * No label has values that clients choose: transports, protocols, causes and close codes are the server's own
 * words.
 *
 * @module
 */

import { Counter, Gauge, type Metric, Registry } from "prom-client";
import type { Tally } from "./chat/tally.ts";
import { CONNECTION_KINDS, type ConnectionCounter } from "./connection_counter.ts";
import type { Histogram } from "./histogram.ts";
import type { LogTally } from "./log/tally.ts";
import { ERROR_STATUS } from "./protocol/refusal.ts";
import type { Traffic } from "./traffic.ts";

/** What is looked at. */
export interface MetricsSource {
  /** What serves sockets. */
  readonly transport: "serve" | "frames";
  /** Counts connections. */
  readonly connections: Pick<ConnectionCounter, "held" | "entered">;
  /** Traffic by transport. */
  readonly traffic: Readonly<Record<string, Traffic>>;
  /** The chat. */
  readonly chat: {
    /** Users who are connected. */
    readonly userCount: number;
    /** Rooms and inboxes that are open. */
    readonly roomCount: number;
    /** Inboxes among them. */
    readonly inboxCount: number;
    /** Sessions that wait at their cursors. */
    readonly waitingCount: number;
    /** What has happened in it. */
    readonly tally: Tally;
  };
  /** Names that are claimed. */
  readonly claims: { readonly size: number };
  /** The log. */
  readonly log: {
    /** Whether its store is in reach. */
    readonly isAvailable: boolean;
    /** What it holds in memory. */
    readonly stats: { readonly channels: number; readonly bytes: number };
    /** What it was asked for. */
    readonly tally: LogTally;
  };
  /** Counts refusals by cause. */
  readonly refusals: { readonly counts: ReadonlyMap<string, number> };
  /** Seconds by which the event loop was late. */
  readonly eventLoop: Histogram;
  /** Whether the server is fit for traffic. */
  readonly isReady: () => boolean;
  /** Bytes of the process, and of the engine's heap. */
  readonly memory: () => {
    readonly rss: number;
    readonly heapTotal: number;
    readonly heapUsed: number;
    readonly external: number;
  };
  /** Seconds of processor time that the process has had. */
  readonly cpuSeconds: () => number;
  /** When the process began, in milliseconds since 1970. */
  readonly startedAt: number;
}

/** Metrics, ready to be read. */
export interface Metrics {
  /** The `Content-Type` of the text. */
  readonly contentType: string;
  /** All metrics as they are now, in Prometheus' text format. */
  text(): Promise<string>;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [value: number, labels?: Labels];

/**
 * Puts metrics together.
 *
 * @param source What is looked at whenever somebody asks.
 */
export function createMetrics(source: MetricsSource): Metrics {
  const registry = new Registry();
  const { counter, gauge, histogram } = registrars(registry);
  const { chat, connections, log, traffic, refusals } = source;
  const { tally } = chat;
  const byTransport = (pick: (traffic: Traffic) => number) => () =>
    Object.entries(traffic).map(([transport, of]): Sample => [pick(of), { transport }]);
  const byKind = (kinds: () => ConnectionCounter["held"]) => () =>
    CONNECTION_KINDS.map((kind): Sample => [kinds()[kind], kindLabels(kind, source.transport)]);

  gauge("natter_connections", "Sockets, streams and polls, up to their last byte.", {
    labels: ["transport", "protocol"],
    samples: byKind(() => connections.held),
  });
  counter("natter_connections_opened_total", "The same since the start.", {
    labels: ["transport", "protocol"],
    samples: byKind(() => connections.entered),
  });
  gauge("natter_users", "Users who are connected.", () => chat.userCount);
  gauge("natter_claims", "Names that are claimed, held ones too.", () => source.claims.size);
  gauge("natter_rooms", "Rooms with somebody in them.", () => chat.roomCount - chat.inboxCount);
  gauge("natter_inboxes", "Inboxes whose owners are connected.", () => chat.inboxCount);

  counter("natter_messages_total", "Messages stored, repeats not counted.", {
    labels: ["kind"],
    samples: () => [
      [tally.roomMessages, { kind: "room" }],
      [tally.directMessages, { kind: "direct" }],
    ],
  });
  counter("natter_deletions_total", "Deletions stored.", () => tally.deletions);
  counter("natter_deliveries_total", "Entries sent to readers, one for each reader.", {
    labels: ["protocol"],
    samples: () => [
      [tally.plainDeliveries, { protocol: "plain" }],
      [tally.frameEntries.sum, { protocol: "rich" }],
    ],
  });
  counter("natter_sent_frames_total", "Frames, chunks of events and answers to polls sent.", {
    labels: ["transport"],
    samples: byTransport(({ framesSent }) => framesSent),
  });
  counter("natter_sent_bytes_total", "Bytes of these, with the headers of frames.", {
    labels: ["transport"],
    samples: byTransport(({ bytesSent }) => bytesSent),
  });
  counter("natter_received_frames_total", "Messages received on sockets.", {
    labels: ["transport"],
    samples: () => [
      [traffic[source.transport]!.framesReceived, { transport: source.transport }],
    ],
  });
  counter("natter_received_bytes_total", "Bytes received on sockets.", {
    labels: ["transport"],
    samples: () => [[traffic[source.transport]!.bytesReceived, { transport: source.transport }]],
  });
  histogram("natter_frame_entries", "Entries of each frame to a rich reader.", tally.frameEntries);
  histogram(
    "natter_flush_seconds",
    "Turns of the flush, a slice of the readers each.",
    tally.flushSeconds,
  );
  gauge("natter_waiting_readers", "Readers behind, at their cursors.", () => chat.waitingCount);
  counter("natter_gaps_total", "Times a reader missed entries for good.", () => tally.gaps);

  counter("natter_refusals_total", "Refusals by cause.", {
    labels: ["cause"],
    samples: () =>
      Object.keys(ERROR_STATUS).map((cause) => [refusals.counts.get(cause) ?? 0, { cause }]),
  });
  counter("natter_closes_total", "Sockets and streams closed by the server, by close code.", {
    labels: ["transport", "code"],
    samples: () =>
      Object.entries(traffic).flatMap(([transport, { closes }]) =>
        Array.from(closes, ([code, count]): Sample => [count, { transport, code: `${code}` }])
      ),
  });

  counter("natter_appends_total", "Appends to the log by outcome, claims and bans too.", {
    labels: ["outcome"],
    samples: () =>
      Object.entries(log.tally.appends).map(([outcome, count]) => [count, { outcome }]),
  });
  histogram(
    "natter_append_seconds",
    "Transactions of the store, with all appends of a turn each.",
    log.tally.appendSeconds,
  );
  gauge("natter_store_up", "1 while the store is in reach.", () => Number(log.isAvailable));
  counter("natter_store_failures_total", "Times the store failed.", () => log.tally.failures);
  gauge("natter_log_channels", "Channels held in memory.", () => log.stats.channels);
  gauge("natter_log_memory_bytes", "Bytes of their entries.", () => log.stats.bytes);
  gauge("natter_ready", "1 while fit for traffic, as /readyz.", () => Number(source.isReady()));

  histogram("natter_event_loop_delay_seconds", "How late the event loop was.", source.eventLoop);
  gauge("natter_heap_used_bytes", "Bytes of the heap in use.", () => source.memory().heapUsed);
  gauge("natter_heap_size_bytes", "Bytes of the heap.", () => source.memory().heapTotal);
  gauge("natter_external_memory_bytes", "Bytes beside the heap.", () => source.memory().external);
  gauge("process_resident_memory_bytes", "Resident memory.", () => source.memory().rss);
  counter("process_cpu_seconds_total", "Processor time, user and system.", source.cpuSeconds);
  gauge("process_start_time_seconds", "Start, since 1970.", () => source.startedAt / 1000);

  return { contentType: registry.contentType, text: () => registry.metrics() };
}

function kindLabels(kind: (typeof CONNECTION_KINDS)[number], transport: string): Labels {
  return kind === "events" || kind === "poll"
    ? { transport: kind, protocol: "rich" }
    : { transport, protocol: kind };
}

/** Samples with labels, or one number. */
type Samples = (() => number) | {
  readonly labels: readonly string[];
  readonly samples: () => readonly Sample[];
};

/** How metrics come into a registry. */
function registrars(registry: Registry) {
  const registers = [registry];
  const labelNames = (of: Samples) => typeof of === "function" ? [] : [...of.labels];
  const samplesOf = (of: Samples): readonly Sample[] =>
    typeof of === "function" ? [[of()]] : of.samples();
  return {
    gauge(name: string, help: string, of: Samples): void {
      new Gauge({
        name,
        help,
        registers,
        labelNames: labelNames(of),
        collect() {
          for (const [value, labels = {}] of samplesOf(of)) this.set(labels, value);
        },
      });
    },
    counter(name: string, help: string, of: Samples): void {
      new Counter({
        name,
        help,
        registers,
        labelNames: labelNames(of),
        collect() {
          // It can only be added to; nothing else happens between the two steps.
          this.reset();
          for (const [value, labels = {}] of samplesOf(of)) this.inc(labels, value);
        },
      });
    },
    histogram(name: string, help: string, of: Histogram): void {
      // The package's own would have to see every value; all that a registry asks of a metric is `get`.
      const metric = { name, get: () => Promise.resolve(snapshotOf(name, help, of)) };
      registry.registerMetric(metric as unknown as Metric<string>);
    },
  };
}

/** A histogram as Prometheus has it: each bucket holds what those before it do. */
function snapshotOf(name: string, help: string, { bounds, counts, sum }: Histogram) {
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    const le = index < bounds.length ? `${bounds[index]}` : "+Inf";
    return { metricName: `${name}_bucket`, labels: { le }, value: total };
  });
  return {
    name,
    help,
    type: "histogram",
    values: [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, value: sum },
      { metricName: `${name}_count`, labels: {}, value: total },
    ],
  };
}
