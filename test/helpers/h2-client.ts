/** An HTTP/2 client over prior knowledge that sends header fields exactly as given (RFC 9113, RFC 7541 without compression). */
import { connect } from "node:net";
import { within } from "./wait-for.ts";

/** What to send on one stream; `:method`, `:scheme`, `:authority` and `:path` are added. */
export interface H2Request {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly target?: string;
  /** GET, or POST with content, when not given. */
  readonly method?: string;
  readonly body?: string;
  /** Sent in a HEADERS frame after the content. */
  readonly trailers?: readonly (readonly [name: string, value: string])[];
}

/** What came back; status 0 when the stream or the connection ended without an answer. */
export interface H2Response {
  readonly status: number;
  readonly body: Buffer;
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const STREAM = 1;
const MAX_FRAME = 16_384;
const WINDOW = 1 << 20;

/** Sends one request on a connection of its own. */
export async function exchangeH2(
  port: number,
  request: H2Request,
  timeoutMs = 10_000,
): Promise<H2Response> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    return await within("an HTTP/2 answer", converse(socket, request), timeoutMs);
  } finally {
    socket.destroy();
  }
}

function converse(socket: ReturnType<typeof connect>, request: H2Request): Promise<H2Response> {
  const { promise, resolve } = Promise.withResolvers<H2Response>();
  const body: Buffer[] = [];
  let status = 0;
  let pending = Buffer.alloc(0);
  const finish = () => resolve({ status, body: Buffer.concat(body) });
  const onFrame = ({ type, flags, stream, payload }: Frame) => {
    if (type === SETTINGS && (flags & ACK) === 0) {
      socket.write(toFrame(SETTINGS, ACK, 0, Buffer.alloc(0)));
    } else if (type === PING && (flags & ACK) === 0) {
      socket.write(toFrame(PING, ACK, 0, payload));
    } else if (type === GOAWAY || (type === RST_STREAM && stream === STREAM)) {
      finish();
    } else if (stream === STREAM && type === HEADERS && status === 0) {
      status = toStatus(payload);
    } else if (stream === STREAM && type === DATA) {
      body.push(payload);
    }
    const isLast = (flags & END_STREAM) !== 0 && (type === DATA || type === HEADERS);
    if (stream === STREAM && isLast) finish();
  };
  socket.on("data", (data: Buffer) => {
    pending = Buffer.concat([pending, data]);
    for (let taken = takeFrame(pending); taken !== undefined; taken = takeFrame(pending)) {
      pending = Buffer.from(taken.rest);
      onFrame(taken.frame);
    }
  });
  socket.on("error", finish);
  socket.on("close", finish);
  socket.write(toOpening(request));
  return promise;
}

function toOpening(request: H2Request): Buffer {
  const hasBody = request.body !== undefined;
  const hasTrailers = request.trailers !== undefined;
  const settings = Buffer.from([0, 4, 0, 0, 0, 0]);
  settings.writeUInt32BE(WINDOW, 2);
  const update = Buffer.alloc(4);
  update.writeUInt32BE(WINDOW);
  const head = toBlock([
    [":method", request.method ?? (hasBody || hasTrailers ? "POST" : "GET")],
    [":scheme", "http"],
    [":authority", "app.test"],
    [":path", request.target ?? "/"],
    ...request.fields,
  ]);
  return Buffer.concat([
    Buffer.from(PREFACE),
    toFrame(SETTINGS, 0, 0, settings),
    toFrame(WINDOW_UPDATE, 0, 0, update),
    ...toHeaderFrames(head, !hasBody && !hasTrailers),
    ...(hasBody || hasTrailers
      ? [toFrame(DATA, hasTrailers ? 0 : END_STREAM, STREAM, Buffer.from(request.body ?? ""))]
      : []),
    ...(request.trailers === undefined ? [] : toHeaderFrames(toBlock(request.trailers), true)),
  ]);
}

function toHeaderFrames(block: Buffer, isLast: boolean): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += MAX_FRAME) {
    const part = block.subarray(at, at + MAX_FRAME);
    const isEnd = at + MAX_FRAME >= block.length;
    const flags = (isEnd ? END_HEADERS : 0) | (isLast && at === 0 ? END_STREAM : 0);
    frames.push(toFrame(at === 0 ? HEADERS : CONTINUATION, flags, STREAM, part));
  }
  return frames;
}

/** Literal fields without indexing, with new names and no Huffman code: the bytes as they are. */
function toBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), toText(name), toText(value)]),
  );
}

function toText(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length: number[] = [];
  if (bytes.length < 127) {
    length.push(bytes.length);
  } else {
    length.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

function toFrame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function takeFrame(buffer: Buffer): { readonly frame: Frame; readonly rest: Buffer } | undefined {
  if (buffer.length < 9) return undefined;
  const end = 9 + buffer.readUIntBE(0, 3);
  if (buffer.length < end) return undefined;
  return {
    frame: {
      type: buffer.readUInt8(3),
      flags: buffer.readUInt8(4),
      stream: buffer.readUInt32BE(5),
      payload: buffer.subarray(9, end),
    },
    rest: buffer.subarray(end),
  };
}

/** Reads `:status`, which HAProxy sends first: from the static table, or as three digits. */
function toStatus(block: Buffer): number {
  const first = block[0] ?? 0;
  if (first >= 0x88 && first <= 0x8e) {
    return [200, 204, 206, 304, 400, 404, 500][first - 0x88] ?? 0;
  }
  if ((first & 0x0f) === 8 && block[1] === 3) return Number(block.toString("latin1", 2, 5));
  throw new Error(`an HPACK coding of :status that this client does not read: ${first}`);
}
