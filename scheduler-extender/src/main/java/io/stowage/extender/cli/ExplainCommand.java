package io.stowage.extender.cli;

import io.stowage.extender.explain.ExplanationText;
import io.stowage.extender.explain.NodeExplanation;
import io.stowage.extender.explain.PodExplanation;
import io.stowage.extender.observe.ClusterExplainer;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tells why a pod waits or what of a node is in use; reads only. */
@Command(
    name = "explain",
    description = {
      "Tells why a pod waits, or where it is and why not elsewhere, and what of a node is in use.",
      "Asks the running service at --server, unless a snapshot or a kubeconfig is given."
    },
    subcommands = {ExplainCommand.PodCommand.class, ExplainCommand.NodeCommand.class})
final class ExplainCommand implements Runnable {

  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "expected 'pod' or 'node'");
  }

  /** Explains a pod. */
  @Command(name = "pod", description = "Why a pod waits, or where it is and why not elsewhere.")
  static final class PodCommand implements Callable<Integer> {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*");

    @Parameters(paramLabel = "NAMESPACE/NAME", description = "The pod.")
    @SuppressWarnings("NullAway.Init")
    private String pod;

    @Mixin private final ExplainSource source = new ExplainSource();

    @Override
    public Integer call() {
      if (!NAME.matcher(pod).matches()) {
        throw source.wrong("expected NAMESPACE/NAME, was '" + pod + "'");
      }
      String[] parts = pod.split("/", 2);
      return source.answer(
          "/api/explain/pod/" + pod,
          PodExplanation.class,
          cluster -> new ClusterExplainer(cluster).explainPod(parts[0], parts[1]),
          ExplanationText::of,
          "no pod " + pod + " waits or is bound to a node");
    }
  }

  /** Explains a node. */
  @Command(name = "node", description = "What of a node is in use, and why waiting pods stay away.")
  static final class NodeCommand implements Callable<Integer> {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]*");

    @Parameters(paramLabel = "NAME", description = "The node.")
    @SuppressWarnings("NullAway.Init")
    private String node;

    @Mixin private final ExplainSource source = new ExplainSource();

    @Override
    public Integer call() {
      if (!NAME.matcher(node).matches()) {
        throw source.wrong("expected the name of a node, was '" + node + "'");
      }
      return source.answer(
          "/api/explain/node/" + node,
          NodeExplanation.class,
          cluster -> new ClusterExplainer(cluster).explainNode(node),
          ExplanationText::of,
          "no node " + node + " is known");
    }
  }
}
