/** The program's entry: argv in, exit code out. */
process.stdout.write("haproxy-jwt\n");
