/** The audit on PostgreSQL. */
import { describeAudit } from "../contract/audit.ts";
import { usePostgres } from "./fixture.ts";

const { open } = usePostgres();

describeAudit("the audit, on PostgreSQL", () => open());
