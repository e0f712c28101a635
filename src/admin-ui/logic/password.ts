/** What can be said of a new password before the server has seen it; its list of common ones stays there. */

export const PASSWORD_LENGTH = { min: 15, max: 128 } as const;

/** What is wrong with a new password; undefined for one that can be sent. */
export function passwordProblem(password: string): string | undefined {
  // As the server counts: by code point.
  const length = Array.from(password).length;
  if (length === 0) return "Choose a password.";
  if (length < PASSWORD_LENGTH.min) {
    return `${length} characters are too few: at least ${PASSWORD_LENGTH.min}.`;
  }
  return length > PASSWORD_LENGTH.max ? `More than ${PASSWORD_LENGTH.max} characters.` : undefined;
}
