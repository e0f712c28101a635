/** What the health routes answer: real checks, each with its own word. */

/** One check; an undefined problem is a pass. */
export interface HealthCheck {
  readonly name: string;
  /** Why the server should get no traffic, in words. */
  readonly problem: string | undefined;
}

export interface Health {
  /** Fails only where a restart would help. */
  readonly live: () => readonly HealthCheck[];
  /** Fails while the server cannot judge rightly: store, keys, rules. */
  readonly ready: () => Promise<readonly HealthCheck[]>;
  /** The same as far as it is known now, without waiting for what is looked at. */
  readonly known: () => readonly HealthCheck[];
}

/** Answers 200 or 503 with every check by name. */
export function healthResponse(checks: readonly HealthCheck[]): Response {
  const isWell = checks.every(({ problem }) => problem === undefined);
  const body = {
    status: isWell ? "ok" : "unavailable",
    checks: Object.fromEntries(checks.map(({ name, problem }) => [name, problem ?? "ok"])),
  };
  return Response.json(body, {
    status: isWell ? 200 : 503,
    headers: { "cache-control": "no-store" },
  });
}
