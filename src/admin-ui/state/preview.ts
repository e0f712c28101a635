/** Asks what would happen while one types; the last answer stays in sight until the next one. */
import { useEffect, useState } from "preact/hooks";
import { type ApiProblem, toProblem } from "../api/problem.ts";
import type { Preview } from "../api/types.ts";
import { formatJson, memberOf } from "../logic/json-text.ts";
import { useServices } from "./services.ts";

export interface PreviewState {
  /** Only ever the answer to what stands in the fields now. */
  readonly data: Preview | undefined;
  /** The rule that would be written, its numbers exact. */
  readonly ruleText: string | undefined;
  /** The answer before, while the next one is on its way. */
  readonly former: Preview | undefined;
  /** What the server says is wrong with the field. */
  readonly refusal: string | undefined;
  readonly path: string | undefined;
  readonly problem: ApiProblem | undefined;
  readonly isAsking: boolean;
  readonly retry: () => void;
}

interface Answer {
  readonly key: string;
  readonly data?: Preview;
  readonly ruleText?: string;
  readonly problem?: ApiProblem;
}

const PAUSE_MS = 200;

/** @param body what the preview is asked with: an object, or JSON text; undefined where there is nothing to ask yet */
export function usePreview(body: object | string | undefined): PreviewState {
  const { api } = useServices();
  const key = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const [answer, setAnswer] = useState<Answer>({ key: "" });
  const [former, setFormer] = useState<Preview>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (key === "") {
      setFormer(undefined);
      return undefined;
    }
    const abort = new AbortController();
    const ask = async () => {
      try {
        const text = await api.text("/rules/preview", {
          method: "POST",
          body: key,
          signal: abort.signal,
        });
        const rule = memberOf(text, "rule");
        const data = parsePreview(text);
        setFormer(data);
        setAnswer({ key, data, ...(rule === undefined ? {} : { ruleText: formatJson(rule) }) });
      } catch (error) {
        if (!abort.signal.aborted) setAnswer({ key, problem: toProblem(error) });
      }
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, turn]);
  const current = answer.key === key ? answer : undefined;
  const isRefused = current?.problem?.status === 422;
  return {
    data: current?.data,
    ruleText: current?.ruleText,
    former,
    refusal: isRefused ? toRefusal(current.problem) : undefined,
    path: isRefused ? current.problem?.path : undefined,
    problem: isRefused ? undefined : current?.problem,
    isAsking: key !== "" && current === undefined,
    retry: () => setTurn((before) => before + 1),
  };
}

function toRefusal(problem: ApiProblem | undefined): string {
  const expected = problem?.expected === undefined ? "" : ` Expected: ${problem.expected}.`;
  return `${problem?.message ?? ""}.${problem?.message.includes("expected") === true ? "" : expected}`;
}

/** Agreed with the server by types, as everything of its answers. */
function parsePreview(text: string): Preview {
  return JSON.parse(text) as Preview;
}
