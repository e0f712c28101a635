/** The routes of the machines that share a store: who is there, and taking one off the roll for good. */
import { AppError } from "../../core/app-error.ts";
import { checkReason } from "../../core/revocation/new-rule.ts";
import { NodesShape } from "./answer-schemas.ts";
import { json } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { LiftBody } from "./request-schemas.ts";
import { parseRoute, type Route } from "./route.ts";

export function createNodeRoutes({ confirmation }: AdminOptions): readonly Route[] {
  return [
    parseRoute({
      method: "GET",
      path: "/nodes",
      summary:
        "The machines that share the store, their leases and verifiers; none where it is not shared",
      access: "viewer",
      answers: { 200: { description: "Each machine", schema: NodesShape } },
      handle: async () => json({ items: (await confirmation?.nodes?.()) ?? [] }),
    }),
    parseRoute({
      method: "DELETE",
      path: "/nodes/:id",
      summary:
        "Take a machine off the roll: nobody waits for it any more. Only once it is surely gone",
      access: "admin",
      body: LiftBody,
      answers: { 200: { description: "It is off the roll" } },
      async handle({ params, body, actor }) {
        checkReason(body.reason);
        const id = params.get("id") ?? "";
        const forget = confirmation?.forgetNode?.(id, body.reason, actor);
        if ((await forget) !== true) {
          throw new AppError("not_found", "there is no such machine on the roll");
        }
        return json({ id });
      },
    }),
  ];
}
