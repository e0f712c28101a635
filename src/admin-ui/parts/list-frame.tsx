/** What every list has: its place while it loads, its reason when empty, its age when a load failed, more on demand. */
import type { ComponentChildren } from "preact";
import type { Pages } from "../state/pages.ts";
import { Button } from "./button.tsx";
import { Bones, Empty, Notice, ProblemNotice, StaleNotice } from "./notice.tsx";

export interface ListFrameProps<T> {
  readonly pages: Pages<T>;
  readonly empty: {
    readonly title: string;
    readonly text: string;
    /** The way on, below. */
    readonly action?: ComponentChildren;
  };
  /** There is something newer than what is shown. */
  readonly news?: string | undefined;
  readonly children: (items: readonly T[]) => ComponentChildren;
}

export function ListFrame<T>({ pages, empty, news, children }: ListFrameProps<T>) {
  const { items, problem } = pages;
  if (items === undefined) {
    return problem === undefined ? (
      <Bones lines={8} />
    ) : (
      <ProblemNotice problem={problem} retry={pages.reload} />
    );
  }
  return (
    <>
      {problem !== undefined && (
        <StaleNotice problem={problem} at={pages.at} retry={pages.reload} />
      )}
      {news !== undefined && problem === undefined && (
        <Notice
          tone="plain"
          role="status"
          action={<Button onClick={pages.reload}>Show them</Button>}
        >
          {news}
        </Notice>
      )}
      <div class={problem === undefined ? "" : "stale"} aria-busy={pages.isLoading}>
        {items.length === 0 && !pages.hasMore ? (
          <Empty title={empty.title}>
            {empty.text}
            {empty.action !== undefined && <div>{empty.action}</div>}
          </Empty>
        ) : (
          children(items)
        )}
      </div>
      {pages.moreProblem !== undefined && (
        <ProblemNotice problem={pages.moreProblem} retry={pages.loadMore} />
      )}
      {pages.hasMore && pages.moreProblem === undefined && (
        <div class="more">
          <Button isBusy={pages.isLoadingMore} onClick={pages.loadMore}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}
