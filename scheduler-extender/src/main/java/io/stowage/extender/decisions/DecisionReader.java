package io.stowage.extender.decisions;

import com.fasterxml.jackson.annotation.Nulls;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.core.replay.RecordedPod;
import io.stowage.core.replay.RecordedWorkload;
import io.stowage.core.trace.TracePod;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads a log of decisions to be replayed.
 *
 * <p>Nodes count as they were seen first. Pods that were deleted before they were placed are left
 * out, since nobody knows for how long they would have run.
 */
public final class DecisionReader {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .changeDefaultNullHandling(nulls -> nulls.withContentNulls(Nulls.FAIL))
          .build();

  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final Map<String, Known> pods = new LinkedHashMap<>();
  private @Nullable Instant begin;
  private @Nullable Instant synced;
  private Instant end = Instant.MIN;
  private int nodeChanges;
  private long lostLines;

  /**
   * What a log tells.
   *
   * @param workload the nodes and pods
   * @param nodeChanges how many changes of nodes since then are left out
   * @param withdrawnPods how many pods were deleted before they were placed
   * @param lostLines how many lines did not get into the log
   */
  public record Decisions(
      RecordedWorkload workload, int nodeChanges, int withdrawnPods, long lostLines) {}

  /** A pod so far. */
  private static final class Known {
    private final Pod pod;
    private final Instant arrival;
    private @Nullable Placement placement;
    private @Nullable Instant placed;
    private boolean certain;
    private @Nullable Instant gone;

    private Known(Pod pod, Instant arrival) {
      this.pod = pod;
      this.arrival = arrival;
    }

    /** A binding in doubt counts until another is known; the watch says only where it was wrong. */
    private void placed(Placement on, Instant at, boolean sure) {
      if (placed == null || (sure && !certain)) {
        placement = on;
        placed = at;
        certain = sure;
      }
    }
  }

  private DecisionReader() {}

  /**
   * Reads a file.
   *
   * @throws DecisionFormatException where it is not such a log
   * @throws IOException where it cannot be read
   */
  public static Decisions read(Path file) throws IOException, DecisionFormatException {
    DecisionReader reader = new DecisionReader();
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      int number = 0;
      for (String text = lines.readLine(); text != null; text = lines.readLine()) {
        number++;
        reader.takeLine(file + " line " + number, text);
      }
    } catch (MalformedInputException e) {
      throw new DecisionFormatException(file + ": expected text in UTF-8");
    }
    return reader.decisions(file);
  }

  private void takeLine(String where, String text) throws DecisionFormatException {
    try {
      DecisionLine line = MAPPER.readValue(text, DecisionLine.class);
      if (line == null) {
        throw new DecisionFormatException(where + ": expected a JSON object with a kind, was null");
      }
      if (begin == null && !(line instanceof DecisionLine.Begins)) {
        throw new DecisionFormatException(where + ": expected kind begins first");
      }
      end = line.at();
      take(line);
    } catch (JacksonException e) {
      throw new DecisionFormatException(
          where + ": expected a line of a log of decisions: " + e.getOriginalMessage());
    } catch (IllegalArgumentException e) {
      throw new DecisionFormatException(where + ": " + e.getMessage());
    }
  }

  private void take(DecisionLine line) {
    if (line instanceof DecisionLine.Begins begins) {
      if (begins.form() != DecisionLine.Begins.FORM || begin != null) {
        throw new IllegalArgumentException(
            "expected one line of kind begins and form " + DecisionLine.Begins.FORM);
      }
      begin = begins.at();
    } else if (line instanceof DecisionLine.Seen seen) {
      nodeChanges += nodes.putIfAbsent(seen.node().name(), seen.node().node()) == null ? 0 : 1;
    } else if (line instanceof DecisionLine.NodeGone) {
      nodeChanges++;
    } else if (line instanceof DecisionLine.Synced listed) {
      synced = listed.at();
    } else if (line instanceof DecisionLine.Waits waits) {
      known(waits.pod(), waits.at());
    } else if (line instanceof DecisionLine.Placed placed) {
      Known pod = known(placed.pod(), placed.at());
      pod.placed(new Placement(pod.pod, placed.node(), placed.gpuDevices()), placed.at(), true);
    } else if (line instanceof DecisionLine.Bound bound) {
      Known pod = pods.get(bound.uid());
      if (pod != null && !bound.outcome().equals(DecisionLine.Bound.NOT_BOUND)) {
        pod.placed(
            new Placement(pod.pod, bound.node(), bound.gpuDevices()),
            bound.at(),
            bound.outcome().equals(DecisionLine.Bound.BOUND));
      }
    } else if (line instanceof DecisionLine.Gone gone) {
      take(gone);
    } else if (line instanceof DecisionLine.Lost lost) {
      lostLines += lost.lines();
    }
  }

  private void take(DecisionLine.Gone gone) {
    if (synced == null) { // what was gone before the cluster was listed never was in it
      pods.remove(gone.uid());
      return;
    }
    Known pod = pods.get(gone.uid());
    if (pod != null && pod.gone == null) {
      pod.gone = gone.at();
    }
  }

  private Known known(LoggedPod pod, Instant at) {
    return pods.computeIfAbsent(pod.uid(), uid -> new Known(pod.pod(), at));
  }

  private Decisions decisions(Path file) throws DecisionFormatException {
    Instant start = synced;
    if (start == null) {
      throw new DecisionFormatException(
          file + ": expected a line of kind synced, written when the cluster is listed");
    }
    List<RecordedPod> recorded = new ArrayList<>();
    int withdrawn = 0;
    for (Known pod : pods.values()) {
      if (pod.gone != null && pod.placed == null) {
        withdrawn++;
        continue;
      }
      recorded.add(recorded(pod, start));
    }
    try {
      return new Decisions(
          new RecordedWorkload(List.copyOf(nodes.values()), recorded, seconds(start, end)),
          nodeChanges,
          withdrawn,
          lostLines);
    } catch (IllegalArgumentException e) {
      throw new DecisionFormatException(file + ": expected a log of some time: " + e.getMessage());
    }
  }

  private static RecordedPod recorded(Known pod, Instant start) {
    double arrival = seconds(start, pod.arrival);
    Instant placed = pod.placed;
    Placement placement = pod.placement;
    if (placed == null || placement == null) {
      return new RecordedPod(tracePod(pod.pod, OptionalDouble.empty()), arrival, Optional.empty());
    }
    double placedSeconds = Math.max(arrival, seconds(start, placed));
    return new RecordedPod(
        tracePod(
            pod.pod,
            pod.gone == null
                ? OptionalDouble.empty()
                : OptionalDouble.of(seconds(start, pod.gone) - placedSeconds)),
        arrival,
        Optional.of(new RecordedPod.Decided(placement, placedSeconds)));
  }

  private static TracePod tracePod(Pod pod, OptionalDouble runSeconds) {
    return new TracePod(
        pod.namespace() + "/" + pod.name(), pod.shape(), pod.priority(), runSeconds);
  }

  /** Returns the seconds from the start, 0 for what was before. */
  private static double seconds(Instant start, Instant at) {
    Duration since = Duration.between(start, at);
    return Math.max(0, since.getSeconds() + since.getNano() / 1e9);
  }
}
