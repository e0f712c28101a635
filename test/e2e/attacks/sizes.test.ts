import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { mint } from "../../helpers/mint.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();

/** A good token of exactly so many bytes. */
function ofLength(bytes: number): string {
  const empty = mint(keys.hs, claims({ pad: "" })).length;
  for (let pad = Math.floor((bytes - empty) * 0.75) - 4; ; pad++) {
    const token = mint(keys.hs, claims({ pad: "x".repeat(pad) }));
    if (token.length === bytes) return token;
    if (token.length > bytes + 4) throw new Error("no padding gives that length");
  }
}

/** As long as wanted or a byte longer: base64url does not come in every length. */
function aboutLength(bytes: number): string {
  try {
    return ofLength(bytes);
  } catch {
    return ofLength(bytes + 1);
  }
}

describeAttacks("tokens of every size", {
  edge: { keys },
  controls: [1024, 2048, 4096, 8000].map((bytes) => ({
    name: `about ${bytes} bytes`,
    token: aboutLength(bytes),
  })),
  attacks: [
    { name: "a byte or two over the limit", token: aboutLength(8193), detail: "too_large" },
    { name: "9 KiB", token: aboutLength(9 * 1024), detail: "too_large" },
    ...[16, 32, 64].map((kib): Attack => ({
      name: `${kib} KiB`,
      token: aboutLength(kib * 1024),
      isUnsendable: true,
    })),
  ],
});
