/** Requests that are begun now and finished later: what keeps an old HAProxy process alive through a reload. */
import { type Answer, toAnswer } from "./answer.ts";
import { openConnection, type RawConnection, toRequest } from "./raw-client.ts";

/** A request whose last bytes are still to be sent. */
export interface HeldRequest {
  /** Sends the rest. HAProxy is told who asks only now. */
  readonly finish: (token: string) => Promise<Answer>;
}

const HEAD = "GET / HTTP/1.1\r\nhost: app.test\r\n";

/** On a connection that has had one answer, begins the next request's head; HAProxy waits ten seconds for its end. */
export async function beginOnKept(port: number, token: string): Promise<HeldRequest> {
  const connection = await openConnection(port);
  connection.write(toRequest([`authorization: Bearer ${token}`]));
  if ((await connection.response()) === undefined) throw new Error("there was no first answer");
  connection.write(HEAD);
  return { finish: (later) => finish(connection, `authorization: Bearer ${later}\r\n\r\n`) };
}

/** Sends a request up to half of its body: HAProxy has passed it on and waits thirty seconds for the rest. */
export async function beginBody(port: number): Promise<{ readonly finish: () => Promise<Answer> }> {
  const connection = await openConnection(port);
  connection.write("POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 2\r\n\r\na");
  return { finish: () => finish(connection, "b") };
}

async function finish(connection: RawConnection, rest: string): Promise<Answer> {
  connection.write(rest);
  const answer = toAnswer(await connection.response());
  connection.close();
  return answer;
}
