/** People, API tokens, sessions, attempts and settings on SQLite. */
import { openStore } from "../../src/sqlite/open-store.ts";
import { describeAccountStore } from "../contract/account-store.ts";
import { useFolder } from "./store-fixture.ts";

const folder = useFolder();

describeAccountStore("the account store", (nowMs) => openStore(folder(), { nowMs }));
