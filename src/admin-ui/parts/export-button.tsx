/** Saves what a list shows, all pages of it, as a file of JSON lines. */
import { useRef, useState } from "preact/hooks";
import type { Query } from "../api/client.ts";
import { type ApiProblem, toProblem } from "../api/problem.ts";
import { collectLines } from "../logic/export.ts";
import { formatCount } from "../logic/number.ts";
import { useServices } from "../state/services.ts";
import { Button } from "./button.tsx";
import { Wrong } from "./field.tsx";

export function ExportButton({
  path,
  query,
  name,
}: {
  readonly path: string;
  readonly query: Query;
  readonly name: string;
}) {
  const { api } = useServices();
  const [count, setCount] = useState<number>();
  const [problem, setProblem] = useState<ApiProblem>();
  const abort = useRef<AbortController | undefined>(undefined);
  const collect = async () => {
    const stop = new AbortController();
    abort.current = stop;
    setProblem(undefined);
    setCount(0);
    try {
      const parts = await collectLines(
        (cursor) =>
          api.text(path, { query: { ...query, cursor, limit: 200 }, signal: stop.signal }),
        setCount,
      );
      save(new Blob([...parts], { type: "application/x-ndjson" }), `${name}.jsonl`);
    } catch (error) {
      if (!stop.signal.aborted) setProblem(toProblem(error));
    }
    setCount(undefined);
  };
  return (
    <div>
      {count === undefined ? (
        <Button onClick={() => void collect()}>Export</Button>
      ) : (
        <Button icon="close" onClick={() => abort.current?.abort()}>
          Stop at {formatCount(count)}
        </Button>
      )}
      {problem !== undefined && <Wrong>{problem.message}</Wrong>}
    </div>
  );
}

function save(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
