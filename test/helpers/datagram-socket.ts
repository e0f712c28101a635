/** A unix datagram socket to receive on: what systemd's notification socket is. */
import { dlopen, FFIType, ptr } from "bun:ffi";

const { symbols } = dlopen("libc.so.6", {
  socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  bind: { args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  recv: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64 },
  close: { args: [FFIType.i32], returns: FFIType.i32 },
});

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

/** Binds to a path, or to an abstract name after `@`. */
export function openDatagramSocket(path: string): {
  /** The next datagram that has arrived; undefined: none. */
  readonly receive: () => string | undefined;
  readonly close: () => void;
} {
  const name = path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`;
  const address = Buffer.concat([
    Buffer.from(new Uint16Array([AF_UNIX]).buffer),
    Buffer.from(name),
  ]);
  const descriptor = symbols.socket(AF_UNIX, SOCK_DGRAM, 0);
  if (symbols.bind(descriptor, ptr(address), address.length) !== 0) {
    throw new Error(`cannot listen on ${path}`);
  }
  return {
    receive: () => {
      const buffer = Buffer.alloc(4096);
      const length = Number(symbols.recv(descriptor, ptr(buffer), buffer.length, MSG_DONTWAIT));
      return length < 0 ? undefined : buffer.toString("utf8", 0, length);
    },
    close: () => void symbols.close(descriptor),
  };
}
