/** The program's entry: argv in, exit code out. */
import { exitCodeOf, runProgram, sayError } from "./cli/program.ts";

try {
  await runProgram(process.argv);
} catch (error) {
  sayError(error);
  process.exitCode = exitCodeOf(error);
}
// What is still open (a keep-alive connection, a timer) must not keep a finished command alive.
process.exit();
