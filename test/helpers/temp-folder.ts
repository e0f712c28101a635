/** Folders that go away with the test that asked for them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Makes an empty folder (0700) and removes it when `stack` is disposed.
 * JWT_TEST_KEEP=1 in the environment keeps it, for a look after a failure.
 */
export function createTempFolder(stack: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), "haproxy-jwt-test-"));
  stack.defer(() => {
    if (process.env["JWT_TEST_KEEP"] === undefined) {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  return folder;
}
