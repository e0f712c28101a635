/** HAProxy releases with a known fault that reaches this program's promises. */

interface Fault {
  /** What goes wrong, in words. */
  readonly words: string;
  /** The first release of each branch without it; branches after the newest never had it. */
  readonly fixedIn: readonly (readonly [major: number, minor: number, patch: number])[];
}

const FAULTS: readonly Fault[] = [
  {
    words: "CVE-2023-25725: a request can lose headers on its way",
    fixedIn: [
      [2, 6, 9],
      [2, 7, 3],
    ],
  },
  {
    words: "CVE-2023-40225: an empty Content-Length lets requests be smuggled",
    fixedIn: [
      [2, 6, 15],
      [2, 7, 10],
      [2, 8, 2],
    ],
  },
  {
    words: "CVE-2024-45506: HTTP/2 can put it into an endless loop",
    fixedIn: [
      [2, 9, 10],
      [3, 0, 4],
    ],
  },
];

/**
 * The faults of a release, in words.
 *
 * @param version as `haproxy -v` says it, such as `2.6.8` or `2.6.12-1+deb12u4`; a distribution's build
 *   (with a dash) has no known ones, because fixes are taken into it under the old number
 */
export function knownFaults(version: string): readonly string[] {
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(version);
  if (match === null) return [];
  const [major = 0, minor = 0, patch = 0] = match.slice(1).map(Number);
  return FAULTS.filter(({ fixedIn }) => {
    const branch = fixedIn.find(([a, b]) => a === major && b === minor);
    return branch !== undefined && patch < branch[2];
  }).map(({ words }) => words);
}
