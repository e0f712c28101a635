/** The entry of a judging thread: starts it when it is told how, and hands it what it is told later. */
import type { FromWorker, ToWorker } from "./messages.ts";
import { startWorker, type JudgingThread } from "./judging-thread.ts";

declare const self: {
  addEventListener: (type: "message", take: (event: MessageEvent<ToWorker>) => void) => void;
  postMessage: (message: FromWorker) => void;
};

let thread: Promise<JudgingThread> | undefined;

self.addEventListener("message", ({ data }) => {
  switch (data.kind) {
    case "start":
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread = startWorker(data, (message) => self.postMessage(message));
      break;
    case "grounds":
      // A set that cannot be read leaves the thread behind the shared version: it judges nothing.
      thread?.then((one) => one.take(data)).catch(() => undefined);
      break;
    case "stop":
      // What is under way has been answered by then.
      thread
        ?.then((one) => one.stop())
        .then(
          () => process.exit(),
          () => process.exit(),
        );
      break;
  }
});
