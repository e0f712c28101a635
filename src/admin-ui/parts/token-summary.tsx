/** What a pasted token says of itself, read in the browser: for recognising it, not for trusting it. */
import { claimText, type DecodedToken } from "../logic/token.ts";
import { Time } from "./time.tsx";

export function TokenSummary({ token }: { readonly token: DecodedToken }) {
  if (token.claims === undefined) {
    return <p class="hint field">It is encrypted: only the server can read what it says.</p>;
  }
  const moment = (name: string) => {
    const at = Number(claimText(token.claims, name) ?? Number.NaN);
    return Number.isFinite(at) ? <Time at={at} /> : undefined;
  };
  const rows = [
    ["Person", claimText(token.claims, "username") ?? claimText(token.claims, "sub")],
    ["Issuer", claimText(token.claims, "iss")],
    ["Client", claimText(token.claims, "azp") ?? claimText(token.claims, "client_id")],
    ["Issued", moment("iat")],
    ["Expires", moment("exp")],
  ] as const;
  return (
    <dl class="facts field" aria-label="What the token says">
      {rows.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
