import { describe, expect, test } from "bun:test";
import { createMetrics, type MetricSources } from "../src/metrics.ts";
import { refused } from "../src/core/token/verdict.ts";

function sources(changes: Partial<MetricSources> = {}): MetricSources {
  return {
    keySources: () => [
      { source: "https://issuer.test/keys", ageSeconds: 12, keys: 2 },
      { source: "/etc/never.json", ageSeconds: undefined, keys: 0 },
    ],
    verifiers: () => [
      { id: "v1", name: "edge-1", isLive: true, seq: 7, silentForMs: 1500, entries: 10 },
      { id: "v2", name: "edge-2", isLive: true, seq: -1, silentForMs: 0, entries: 0 },
      { id: "v3", name: "old", isLive: false, seq: 1, silentForMs: 90_000, entries: 3 },
    ],
    store: {
      ruleCounts: async () => ({ active: 3, expired: 1, lifted: 2, unreadable: 0 }),
      indexCounts: () => ({
        globalRules: 4,
        globalLinearRules: 1,
        subjectRules: 9,
        unreadableRules: 0,
        cachedSubjects: 0,
        cachedBytes: 0,
      }),
      newestSeq: () => 9,
      databaseBytes: () => [{ file: "db", bytes: 4096 }],
      freeBytes: () => 5e9,
      sessionCount: async () => 2,
    },
    process: {
      version: "1.2.3",
      runtime: "bun 1.4.5",
      startedAtSeconds: 1_800_000_000,
      cpuSeconds: () => 1.5,
      residentBytes: () => 5e7,
      openDescriptors: () => 20,
      maxDescriptors: () => 1024,
      loopDelaySeconds: () => 0.003,
      checks: () => [
        { name: "store", isWell: true },
        { name: "keys", isWell: false },
      ],
      answered: () => [{ listener: "token", status: "2xx", count: 5 }],
      reloads: () => ({ ok: 2, failed: 1 }),
    },
    ...changes,
  };
}

describe("/metrics", () => {
  test("shows what is asked of the parts, under its labels", async () => {
    const text = await createMetrics(sources()).text();
    for (const line of [
      'haproxy_jwt_key_age_seconds{source="https://issuer.test/keys"} 12',
      'haproxy_jwt_keys{source="/etc/never.json"} 0',
      'haproxy_jwt_verifiers{state="live"} 2',
      'haproxy_jwt_verifiers{state="silent"} 1',
      'haproxy_jwt_verifier_lag_changes{verifier="v1",name="edge-1"} 2',
      'haproxy_jwt_verifier_lag_changes{verifier="v2",name="edge-2"} 9',
      'haproxy_jwt_verifier_silent_seconds{verifier="v1",name="edge-1"} 1.5',
      'haproxy_jwt_rules{state="active"} 3',
      'haproxy_jwt_rules_in_force{kind="global_linear"} 1',
      "haproxy_jwt_changes 9",
      'haproxy_jwt_database_bytes{file="db"} 4096',
      "haproxy_jwt_sessions 2",
      'haproxy_jwt_build_info{version="1.2.3",runtime="bun 1.4.5"} 1',
      'haproxy_jwt_ready{check="keys"} 0',
      'haproxy_jwt_http_requests_total{listener="token",status="2xx"} 5',
      'haproxy_jwt_reloads_total{result="failed"} 1',
      "process_open_fds 20",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
  });

  test("has no age for keys that were never read, and no lag of a silent verifier", async () => {
    const text = await createMetrics(sources()).text();
    expect(text).not.toContain('haproxy_jwt_key_age_seconds{source="/etc/never.json"}');
    expect(text).not.toContain('verifier="v3"');
  });

  test("counts verdicts by reason, detail and path, and keeps counting after a look", async () => {
    const metrics = createMetrics(sources());
    metrics.observeVerdict(refused("expired"), 0.0001, "server");
    await metrics.text();
    metrics.observeVerdict(refused("expired"), 0.0001, "server");
    metrics.observeVerdict(refused("unavailable"), 0.0001, "jwe");
    const lines = (await metrics.text()).split("\n");
    expect(lines).toContain(
      'haproxy_jwt_verdicts_total{reason="E_TKN_INVALID",detail="expired",path="server"} 2',
    );
    expect(lines).toContain(
      'haproxy_jwt_verdicts_total{reason="E_BACKEND_UNAVAIL",detail="unavailable",path="jwe"} 1',
    );
    expect(lines).toContain("haproxy_jwt_judge_seconds_count 3");
  });

  test("adds up what verifiers report of their caches", async () => {
    const metrics = createMetrics(sources());
    metrics.observeCache({ hits: 5, misses: 2, staleHits: 1 });
    metrics.observeCache({ hits: 1, misses: 0, staleHits: 0 });
    const lines = (await metrics.text()).split("\n");
    expect(lines).toContain('haproxy_jwt_verifier_cache_total{result="hit"} 6');
    expect(lines).toContain('haproxy_jwt_verifier_cache_total{result="stale"} 1');
  });

  test("puts a change's way to a verifier into the histogram, in seconds", async () => {
    const metrics = createMetrics(sources());
    metrics.observeApplied(3);
    const lines = (await metrics.text()).split("\n");
    expect(lines).toContain('haproxy_jwt_revocation_seconds_bucket{le="0.0025"} 0');
    expect(lines).toContain('haproxy_jwt_revocation_seconds_bucket{le="0.005"} 1');
  });

  test("shows the rest where the store cannot be read", async () => {
    const { store } = sources();
    const broken = {
      ...store,
      ruleCounts: () => Promise.reject(new Error("locked")),
      freeBytes: () => {
        throw new Error("gone");
      },
    };
    const text = await createMetrics(sources({ store: broken })).text();
    expect(text).not.toContain("haproxy_jwt_rules{");
    expect(text).not.toMatch(/^haproxy_jwt_data_free_bytes /m);
    expect(text).toContain("haproxy_jwt_changes 9");
  });

  test("lists at most 500 verifiers by name, and still counts them all", async () => {
    const verifiers = Array.from({ length: 700 }, (_, i) => ({
      id: `v${i}`,
      name: "edge",
      isLive: true,
      seq: 9,
      silentForMs: 0,
      entries: 0,
    }));
    const text = await createMetrics(sources({ verifiers: () => verifiers })).text();
    expect(text.match(/^haproxy_jwt_verifier_lag_changes\{/gm)).toHaveLength(500);
    expect(text).toContain('haproxy_jwt_verifiers{state="live"} 700');
  });

  test("escapes a label that would end its line", async () => {
    const odd = { source: 'a"}\nup 0 #', ageSeconds: 1, keys: 1 };
    const text = await createMetrics(sources({ keySources: () => [odd] })).text();
    expect(text).not.toMatch(/^up 0/m);
  });
});
