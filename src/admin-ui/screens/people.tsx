/** People who may log in, and API tokens for automation; for admins. */
import { mayAct } from "../logic/roles.ts";
import { Heading } from "../parts/heading.tsx";
import { Notice } from "../parts/notice.tsx";
import { useServices } from "../state/services.ts";
import { ApiTokenList } from "./people/api-token-list.tsx";
import { PeopleList } from "./people/people-list.tsx";

export function People() {
  const { session } = useServices();
  return (
    <>
      <Heading title="People" hint="Who may log in here, and which programs may use the API." />
      {mayAct(session.me.value?.role ?? "viewer", "admin") ? (
        <>
          <PeopleList />
          <ApiTokenList />
        </>
      ) : (
        <Notice tone="warn">Seeing and changing this needs an admin.</Notice>
      )}
    </>
  );
}
