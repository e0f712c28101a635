/** Shows JSON that others wrote: as text only, times in it readable. */
import type { JsonNode } from "../logic/json-tree.ts";
import { formatRelative, formatShortBoth, toIso } from "../logic/time.ts";
import { useServices } from "../state/services.ts";

/** Claims that hold a moment (RFC 7519 §4.1, OpenID Connect Core §2). */
const MOMENTS: ReadonlySet<string> = new Set(["exp", "iat", "nbf", "auth_time", "updated_at"]);

/** A tree of names and values. */
export function JsonTree({
  node,
  isTop = true,
}: {
  readonly node: JsonNode;
  readonly isTop?: boolean;
}) {
  const rows =
    node.kind === "object"
      ? node.members.map(({ name, value }) => ({ name, value }))
      : node.kind === "array"
        ? node.items.map((value, index) => ({ name: String(index), value }))
        : [];
  if (rows.length === 0) return <code>{node.kind === "object" ? "{ }" : "[ ]"}</code>;
  return (
    <ul class="tree">
      {rows.map(({ name, value }) => (
        <li key={name}>
          <span class="name">{name}: </span>
          <Value node={value} isMoment={isTop && node.kind === "object" && MOMENTS.has(name)} />
        </li>
      ))}
    </ul>
  );
}

function Value({ node, isMoment }: { readonly node: JsonNode; readonly isMoment: boolean }) {
  switch (node.kind) {
    case "object":
    case "array":
      return <JsonTree node={node} isTop={false} />;
    case "string":
      return <span>"{node.value}"</span>;
    case "word":
      return <span>{String(node.value)}</span>;
    case "number": {
      const at = Number(node.text);
      if (!isMoment || !Number.isFinite(at)) return <span>{node.text}</span>;
      return (
        <>
          {node.text} <Moment at={at} />
        </>
      );
    }
  }
}

/** In full where it stands: there is room, and no hint to look for. */
function Moment({ at }: { readonly at: number }) {
  const { now } = useServices();
  const iso = toIso(at);
  return (
    <span class="soft">
      · {formatRelative(at, now.value)}{" "}
      <time {...(iso === undefined ? {} : { dateTime: iso })}>({formatShortBoth(at)})</time>
    </span>
  );
}
