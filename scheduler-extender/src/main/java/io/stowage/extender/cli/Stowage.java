package io.stowage.extender.cli;

import java.io.PrintWriter;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code stowage} command.
 *
 * <p>Exit codes: 0 done, 1 failed, 2 wrong usage, 3 what was checked is not as it should be.
 */
@Command(
    name = "stowage",
    description = "Packs machine-learning pods onto GPU, CPU and memory nodes.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Stowage.Version.class,
    subcommands = {
      ServeCommand.class,
      AuditCommand.class,
      ObserveCommand.class,
      ExplainCommand.class,
      TopCommand.class,
      ReplayCommand.class,
      ExperimentCommand.class,
      ReportCommand.class,
      ConfigCommand.class,
      CheckCommand.class,
      DemoCommand.class,
      GenerateCompletion.class,
      HelpCommand.class
    })
public final class Stowage {

  /** Tells the version that the jar's manifest names. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"stowage " + version()};
    }
  }

  private Stowage() {}

  /** Returns the version that the jar's manifest names. */
  static String version() {
    String version = Stowage.class.getPackage().getImplementationVersion();
    return version == null ? "unpackaged" : version;
  }

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** Returns the command line; a failure prints one sentence and exits with 1. */
  static CommandLine commandLine() {
    return new CommandLine(new Stowage())
        .setParameterExceptionHandler(
            (wrong, args) -> {
              CommandLine command = wrong.getCommandLine();
              PrintWriter err = command.getErr();
              err.println(wrong.getMessage());
              UnmatchedArgumentException.printSuggestions(wrong, err);
              err.println(
                  "Try '" + command.getCommandSpec().qualifiedName() + " --help' for its options.");
              return CommandLine.ExitCode.USAGE;
            })
        .setExecutionExceptionHandler(
            (failure, command, result) -> {
              String message = failure.getMessage();
              command
                  .getErr()
                  .println("stowage: " + (message == null ? failure.toString() : message));
              return CommandLine.ExitCode.SOFTWARE;
            });
  }
}
