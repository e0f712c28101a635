/** `completion bash|zsh`: shell completion, made from the command tree. */
import { type Command, Argument } from "commander";

export function registerCompletion(program: Command): void {
  program
    .command("completion")
    .description('print the completion script of a shell: eval "$(haproxy-jwt completion bash)"')
    .addArgument(new Argument("<shell>").choices(["bash", "zsh"]))
    .action((shell: string) => {
      process.stdout.write(shell === "zsh" ? toZsh(program) : toBashCompletion(program));
    });
}

/** Every command's words, from the program's name on, with what may follow. */
function listCommands(command: Command, path: string): readonly (readonly [string, string])[] {
  const children = command.commands.filter((child) => child.name() !== "help");
  const flags = command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []);
  const words = [...children.map((child) => child.name()), ...flags, "--help"];
  const below = children.flatMap((child) => listCommands(child, `${path} ${child.name()}`));
  return [[path, words.join(" ")], ...below];
}

function toCases(program: Command): string {
  return listCommands(program, program.name())
    .map(([path, words]) => `    "${path}") words="${words}" ;;`)
    .join("\n");
}

/** Bash's script. Words that are no flags make the command's path, as long as they lead somewhere. */
export function toBashCompletion(program: Command): string {
  return `_haproxy_jwt() {
  local path=haproxy-jwt words word i
  _haproxy_jwt_words() {
    words=
    case "$1" in
${toCases(program)}
    esac
  }
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    _haproxy_jwt_words "$path $word"
    if [ -n "$words" ]; then path="$path $word"; fi
  done
  _haproxy_jwt_words "$path"
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _haproxy_jwt haproxy-jwt
`;
}

function toZsh(program: Command): string {
  return `#compdef haproxy-jwt
autoload -U +X bashcompinit && bashcompinit
${toBashCompletion(program)}`;
}
