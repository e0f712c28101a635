/** The audit on SQLite. */
import { openStore } from "../../src/sqlite/open-store.ts";
import { describeAudit } from "../contract/audit.ts";
import { nowMs, useFolder } from "./store-fixture.ts";

const folder = useFolder();

describeAudit("the audit", () => openStore(folder(), { nowMs }));
