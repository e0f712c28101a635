/** Tells systemd how the service fares: sd_notify(3), spoken to its socket; without one, nothing is said. */
import { dlopen, FFIType, ptr } from "bun:ffi";

/** The service manager that started this process, if one did. */
export interface ServiceManager {
  /** Everything listens. Starts the keep-alive where the unit asks for one (`WatchdogSec`). */
  readonly ready: (status: string) => void;
  /** A reload has begun; `ready` says that it is over. */
  readonly reloading: () => void;
  readonly stopping: () => void;
}

/** Sends one datagram; false where nobody takes it. */
export type SendDatagram = (socketPath: string, message: string) => boolean;

export interface ServiceManagerOptions {
  /** Read for NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly send: SendDatagram;
  /** Runs a function again and again; returns how to stop it. */
  readonly every: (intervalMs: number, run: () => void) => () => void;
}

/** Makes the connection to the service manager; where there is none, one that says nothing. */
export function createServiceManager(options: ServiceManagerOptions): ServiceManager {
  const { environment, send, every } = options;
  const path = environment["NOTIFY_SOCKET"];
  // Only these two forms exist on Linux: a path, and `@` for the abstract namespace.
  if (path === undefined || !/^[/@]./.test(path)) {
    return { ready: () => undefined, reloading: () => undefined, stopping: () => undefined };
  }
  const say = (...lines: readonly string[]) => void send(path, lines.join("\n"));
  const intervalMs = watchdogMs(environment, options.pid);
  let stopWatchdog: (() => void) | undefined;
  return {
    ready: (status) => {
      say("READY=1", `STATUS=${status}`);
      if (intervalMs === undefined || stopWatchdog !== undefined) return;
      // From the event loop: a loop that hangs stops saying so, and is started over.
      stopWatchdog = every(intervalMs, () => say("WATCHDOG=1"));
    },
    reloading: () => say("RELOADING=1"),
    stopping: () => {
      stopWatchdog?.();
      say("STOPPING=1");
    },
  };
}

/** Half of the time after which systemd gives up on the process (sd_watchdog_enabled(3)). */
function watchdogMs(
  environment: ServiceManagerOptions["environment"],
  pid: number,
): number | undefined {
  const microseconds = Number(environment["WATCHDOG_USEC"]);
  const forPid = environment["WATCHDOG_PID"];
  if (!(microseconds > 0) || (forPid !== undefined && Number(forPid) !== pid)) return undefined;
  return microseconds / 2000;
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** glibc's name, and musl's. */
const C_LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"] as const;

/** Sends by the C library: Bun's sockets know no unix datagrams. Never throws; says false instead. */
export function sendDatagram(socketPath: string, message: string): boolean {
  const address = toSocketAddress(socketPath);
  if (address === undefined) return false;
  for (const library of C_LIBRARIES) {
    try {
      const opened = dlopen(library, {
        socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
        sendto: {
          args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32],
          returns: FFIType.i64,
        },
        close: { args: [FFIType.i32], returns: FFIType.i32 },
      });
      try {
        const { symbols } = opened;
        const descriptor = symbols.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (descriptor < 0) return false;
        const bytes = Buffer.from(message);
        const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
        const sent = symbols.sendto(
          descriptor,
          ptr(bytes),
          bytes.length,
          flags,
          ptr(address),
          address.length,
        );
        symbols.close(descriptor);
        return Number(sent) === bytes.length;
      } finally {
        opened.close();
      }
    } catch {
      // Another C library, or none that can be called: the next, or nobody is told.
      continue;
    }
  }
  return false;
}

/** `struct sockaddr_un` (unix(7)); an abstract name begins with a zero byte and ends where it ends. */
function toSocketAddress(path: string): Buffer | undefined {
  const isAbstract = path.startsWith("@");
  const name = Buffer.from(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > 108) return undefined;
  // In the machine's byte order, as a C structure has it.
  return Buffer.concat([Buffer.from(new Uint16Array([AF_UNIX]).buffer), name]);
}
