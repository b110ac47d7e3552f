package io.stowage.benchmarks.load;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line of the load benchmarks. */
@Command(
    name = "load",
    mixinStandardHelpOptions = true,
    description = "Load over real HTTP.",
    subcommands = {FilterLoad.class, SlowestLoad.class, DisturbedLoad.class, Guard.class})
public final class Load {
  private Load() {}

  /** Runs a subcommand. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Load()).execute(args));
  }
}
