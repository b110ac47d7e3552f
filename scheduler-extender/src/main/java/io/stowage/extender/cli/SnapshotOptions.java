package io.stowage.extender.cli;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.stowage.extender.kube.GpuResources;
import io.stowage.extender.snapshot.SnapshotFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The snapshot of a cluster that a command is given instead of the cluster. */
final class SnapshotOptions {
  private static final SnapshotFiles FILES = new SnapshotFiles(GpuResources.DEFAULT);

  @Option(
      names = "--nodes",
      paramLabel = "FILE",
      description = "A snapshot instead: output of kubectl get nodes -o json.")
  private @Nullable Path nodesFile;

  @Option(
      names = "--pods",
      paramLabel = "FILE",
      description = "Its pods: output of kubectl get pods -A -o json.")
  private @Nullable Path podsFile;

  /** Tells whether there is one. */
  boolean given() {
    return nodesFile != null;
  }

  /** Refuses half a snapshot, one that cannot be read, and one beside something else. */
  void check(CommandLine command, boolean besides, String others) {
    if ((nodesFile == null) != (podsFile == null)) {
      throw new ParameterException(command, "--nodes and --pods go together");
    }
    if (given() && besides) {
      throw new ParameterException(command, "--nodes and --pods go without " + others);
    }
    for (Path file : new Path[] {nodesFile, podsFile}) {
      if (file != null && !Files.isReadable(file)) {
        throw new ParameterException(command, "cannot read " + file);
      }
    }
  }

  /** Reads its nodes. */
  List<Node> nodes() throws IOException {
    return FILES.nodes(Objects.requireNonNull(nodesFile));
  }

  /** Reads its pods. */
  List<Pod> pods() throws IOException {
    return FILES.pods(Objects.requireNonNull(podsFile));
  }
}
