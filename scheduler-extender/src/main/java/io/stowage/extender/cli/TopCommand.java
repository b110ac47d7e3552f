package io.stowage.extender.cli;

import io.stowage.extender.explain.ClusterTop;
import io.stowage.extender.explain.ExplanationText;
import io.stowage.extender.observe.ClusterExplainer;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows the nodes with what is in use of them; reads only. */
@Command(
    name = "top",
    description = {
      "Shows the nodes, their GPUs and what of those is stranded, the most stranded first.",
      "Asks the running service at --server, unless a snapshot or a kubeconfig is given."
    })
final class TopCommand implements Callable<Integer> {
  @Mixin private final ExplainSource source = new ExplainSource();

  @Override
  public Integer call() {
    return source.answer(
        "/api/top",
        ClusterTop.class,
        cluster -> Optional.of(new ClusterExplainer(cluster).top()),
        ExplanationText::of,
        "the service does not tell");
  }
}
