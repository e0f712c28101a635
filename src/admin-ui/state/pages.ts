/** Loads a list page by page by its cursor. */
import { useState } from "preact/hooks";
import type { Page } from "../api/types.ts";
import { type ApiProblem, toProblem } from "../api/problem.ts";
import { type Loaded, useLoad } from "./load.ts";

export interface Pages<T> extends Pick<Loaded<unknown>, "problem" | "isLoading" | "at" | "reload"> {
  /** Undefined until the first page is there. */
  readonly items: readonly T[] | undefined;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly moreProblem: ApiProblem | undefined;
  readonly loadMore: () => void;
}

interface More<T> {
  readonly of: Page<T> | undefined;
  readonly items: readonly T[];
  readonly cursor: string | undefined;
  readonly isLoading: boolean;
  readonly problem: ApiProblem | undefined;
}

/** @param key the filters: others begin anew at the first page */
export function usePages<T>(
  key: string,
  load: (cursor: string | undefined, signal?: AbortSignal) => Promise<Page<T>>,
): Pages<T> {
  const first = useLoad(key, (signal) => load(undefined, signal));
  const [stored, setStored] = useState<More<T>>(NOTHING);
  // Later pages belong to the first page they were asked after: with a new one they are gone.
  const more: More<T> = stored.of === first.data ? stored : NOTHING;
  const cursor = more.of === undefined ? first.data?.cursor : more.cursor;
  const loadMore = () => {
    const of = first.data;
    if (cursor === undefined || more.isLoading || of === undefined) return;
    const former = { ...more, of, cursor };
    setStored({ ...former, isLoading: true, problem: undefined });
    load(cursor).then(
      (page) =>
        setStored({
          of,
          items: [...former.items, ...page.items],
          cursor: page.cursor,
          isLoading: false,
          problem: undefined,
        }),
      (error: unknown) => setStored({ ...former, isLoading: false, problem: toProblem(error) }),
    );
  };
  return {
    ...first,
    items: first.data === undefined ? undefined : [...first.data.items, ...more.items],
    hasMore: cursor !== undefined,
    isLoadingMore: more.isLoading,
    moreProblem: more.problem,
    loadMore,
  };
}

const NOTHING = {
  of: undefined,
  items: [],
  cursor: undefined,
  isLoading: false,
  problem: undefined,
} as const;
