/** The routes of the machines that share a store: who is there, and taking one off the roll for good. */
import { AppError } from "../../core/app-error.ts";
import { checkReason } from "../../core/revocation/new-rule.ts";
import { NodesShape } from "./answer-schemas.ts";
import { json } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { LiftBody } from "./request-schemas.ts";
import { parseRoute, type Route } from "./route.ts";

const ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

export function createNodeRoutes({ confirmation, rules }: AdminOptions): readonly Route[] {
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
        // Before it is done: what cannot be audited is not done.
        await rules.appendAudit(
          { action: "node.forget", target: id, reason: body.reason, outcome: "done" },
          actor,
        );
        const wasThere = ID.test(id) && (await confirmation?.forgetNode?.(id)) === true;
        if (!wasThere) throw new AppError("not_found", "there is no such machine on the roll");
        return json({ id });
      },
    }),
  ];
}
