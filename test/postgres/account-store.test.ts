/** People, API tokens, sessions, attempts and settings on PostgreSQL. */
import { describeAccountStore } from "../contract/account-store.ts";
import { usePostgres } from "./fixture.ts";

const { open } = usePostgres();

describeAccountStore("the account store on PostgreSQL", (nowMs) => open({ nowMs }));
