/** The route that shows how things stand as they change: server-sent events (WHATWG HTML §9.2). */
import { problem } from "../problem.ts";
import type { Identity } from "./caller.ts";
import type { AdminOptions } from "./options.ts";
import { parseRoute, type Route } from "./route.ts";
import { toKeysView, toStats, toVerifiers } from "./routes-state.ts";

/** Silence tells the page that contact is lost: there is an event at least this often. */
const EVERY_MS = 2000;
/** Changes that come close together are told together. */
const SETTLE_MS = 50;
const MAX_STREAMS = 64;

export function createEventRoutes(options: AdminOptions): readonly Route[] {
  let streams = 0;
  return [
    parseRoute({
      method: "GET",
      path: "/events",
      summary: "Figures, verifiers and keys, at once and again as they change",
      access: "viewer",
      answers: { 200: { description: "JSON in each event's data", type: "text/event-stream" } },
      isEndless: true,
      handle({ identity, request }) {
        const headers = { "content-type": "text/event-stream" };
        if (request.method === "HEAD") return new Response(null, { headers });
        if (streams >= MAX_STREAMS) return problem(503, "Too many are watching already");
        streams += 1;
        const stream = watch(options, identity, request.signal, () => {
          streams -= 1;
        });
        return new Response(stream, { headers });
      },
    }),
  ];
}

/** One event after the other, until nobody listens, the server stops, or the session is over. */
function watch(
  options: AdminOptions,
  identity: Identity,
  left: AbortSignal,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const { rules, stopping } = options;
  const encoder = new TextEncoder();
  let end: () => void = onEnd;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let isOver = false;
      end = () => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        stopListening();
        left.removeEventListener("abort", end);
        stopping.removeEventListener("abort", end);
        onEnd();
        close(controller);
      };
      const plan = (delayMs: number) => {
        clearTimeout(timer);
        timer = setTimeout(() => void send(), delayMs);
      };
      const send = async (): Promise<void> => {
        try {
          if (!(await identity.isStillIn())) return end();
          const text = `data: ${JSON.stringify(await toSnapshot(options))}\n\n`;
          // Who does not read misses events, but is never the reason for a growing heap.
          if (!isOver && (controller.desiredSize ?? 0) > 0)
            controller.enqueue(encoder.encode(text));
          if (!isOver) plan(EVERY_MS);
        } catch {
          end();
        }
        return undefined;
      };
      const stopListening = rules.onChange(() => plan(SETTLE_MS));
      left.addEventListener("abort", end);
      stopping.addEventListener("abort", end);
      if (left.aborted || stopping.aborted) end();
      else void send();
    },
    cancel: () => end(),
  });
}

async function toSnapshot(options: AdminOptions) {
  const [stats, verifiers] = await Promise.all([toStats(options), toVerifiers(options)]);
  return { stats, verifiers, keys: toKeysView(options) };
}

function close(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close();
  } catch {
    // Already closed by who read it.
  }
}
