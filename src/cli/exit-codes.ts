/** The exit codes of every command (contract §1), and what they mean. */

/** By name, for the code; in the order in which the documents list them. */
export const EXIT_CODES = {
  done: {
    code: 0,
    meaning:
      "done; a change with no server running is stored, and says that it holds from the next start on",
  },
  failed: { code: 1, meaning: "failed; what went wrong stands on standard error" },
  usage: { code: 2, meaning: "the command line cannot be understood" },
  unconfirmed: {
    code: 3,
    meaning:
      "stored, but not confirmed as enforced within the time asked for; with no server running, " +
      "only where `--wait` asked for it",
  },
  badConfig: {
    code: 78,
    meaning: "the configuration cannot be used; every problem is listed, with its key",
  },
} as const;
