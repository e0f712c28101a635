/** Names a subject for verifiers without telling them who it is. */
import { hash } from "node:crypto";

/** 96 bits of base64url: two subjects with one tag only cost each other a verdict. */
const LENGTH = 16;

/**
 * The tag of a subject in one epoch of the store: the same from every thread and in every life of the
 * server, so that a verdict remembered before a restart is found by a change after it.
 */
export function subjectTag(epoch: string, subject: string): string {
  // No epoch holds a dot, so that no two pairs make one text.
  return hash("sha256", `${epoch}.${subject}`, "base64url").slice(0, LENGTH);
}
