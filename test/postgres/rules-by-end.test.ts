/** Rules by their end on PostgreSQL. */
import { describeRulesByEnd } from "../contract/rules-by-end.ts";
import { usePostgres } from "./fixture.ts";

const { open } = usePostgres();

describeRulesByEnd("rules by their end, on PostgreSQL", (nowMs) => open({ nowMs }));
