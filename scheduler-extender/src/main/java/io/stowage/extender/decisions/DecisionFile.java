package io.stowage.extender.decisions;

import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.Placement;
import io.stowage.core.cluster.Pod;
import io.stowage.extender.state.BindOutcome;
import io.stowage.extender.state.DecisionLog;
import io.stowage.extender.state.FilterDecision;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes the log of decisions into a file of its own for each start.
 *
 * <p>What happens is queued and written by a thread of its own: where the disk is slower than the
 * cluster for long, lines are lost and the log says how many. At its largest size, or where it
 * cannot be written, it ends with a warning; decisions go on.
 */
public final class DecisionFile implements DecisionLog, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DecisionFile.class);
  private static final int QUEUED = 1 << 16;
  private static final int IDLE_MILLIS = 100;
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final DateTimeFormatter NAME =
      DateTimeFormatter.ofPattern("'decisions-'yyyyMMdd-HHmmss-SSS'.jsonl'")
          .withZone(ZoneOffset.UTC);

  private final Path file;
  private final OutputStream out;
  private final long mostBytes;
  private final InstantSource clock;
  private final BlockingQueue<Supplier<DecisionLine>> queue = new ArrayBlockingQueue<>(QUEUED);
  private final Thread writer = new Thread(this::write, "stowage-decisions");

  /** How many lines did not get into the queue; belongs to who tells. */
  private long lost;

  private volatile boolean closed;

  private DecisionFile(Path file, long mostBytes, InstantSource clock) throws IOException {
    this.file = file;
    this.mostBytes = mostBytes;
    this.clock = clock;
    this.out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW);
    writer.setDaemon(true);
  }

  /**
   * Begins a log.
   *
   * @param directory where; made if need be
   * @param mostBytes how large the file may become
   * @param version Stowage's
   * @param policy the policy that decides
   * @throws IOException where there can be no file
   */
  public static DecisionFile begin(
      Path directory, long mostBytes, String version, String policy, InstantSource clock)
      throws IOException {
    Files.createDirectories(directory);
    Instant now = clock.instant();
    DecisionFile log = new DecisionFile(directory.resolve(NAME.format(now)), mostBytes, clock);
    log.offer(at -> new DecisionLine.Begins(at, DecisionLine.Begins.FORM, version, policy));
    log.writer.start();
    return log;
  }

  /** Returns the file. */
  public Path file() {
    return file;
  }

  private interface Line {
    DecisionLine at(Instant at);
  }

  private void offer(Line line) {
    if (closed) {
      return;
    }
    Instant at = clock.instant();
    if (lost > 0) {
      long lines = lost;
      if (!queue.offer(() -> new DecisionLine.Lost(at, lines))) {
        lost++;
        return;
      }
      lost = 0;
    }
    if (!queue.offer(() -> line.at(at))) {
      lost++;
    }
  }

  @Override
  public void node(Node node) {
    offer(at -> new DecisionLine.Seen(at, LoggedNode.of(node)));
  }

  @Override
  public void nodeGone(String nodeName) {
    offer(at -> new DecisionLine.NodeGone(at, nodeName));
  }

  @Override
  public void synced() {
    offer(DecisionLine.Synced::new);
  }

  @Override
  public void waits(Pod pod) {
    offer(at -> new DecisionLine.Waits(at, LoggedPod.of(pod)));
  }

  @Override
  public void placed(Placement placement) {
    offer(
        at ->
            new DecisionLine.Placed(
                at, LoggedPod.of(placement.pod()), placement.nodeName(), placement.gpuDevices()));
  }

  @Override
  public void filtered(Pod pod, int askedNodes, FilterDecision decision) {
    offer(
        at ->
            new DecisionLine.Filtered(
                at, LoggedPod.of(pod), askedNodes, decision.kept(), reasons(decision)));
  }

  private static Map<String, Integer> reasons(FilterDecision decision) {
    Map<String, Integer> counts = new TreeMap<>();
    decision.failed().values().forEach(reason -> counts.merge(reason, 1, Integer::sum));
    decision.unresolvable().values().forEach(reason -> counts.merge(reason, 1, Integer::sum));
    return counts;
  }

  @Override
  public void bound(Placement placement, BindOutcome outcome) {
    offer(
        at ->
            new DecisionLine.Bound(
                at,
                placement.pod().uid(),
                placement.nodeName(),
                placement.gpuDevices(),
                name(outcome),
                reason(outcome)));
  }

  private static String name(BindOutcome outcome) {
    return outcome instanceof BindOutcome.Bound
        ? DecisionLine.Bound.BOUND
        : outcome instanceof BindOutcome.NotBound
            ? DecisionLine.Bound.NOT_BOUND
            : DecisionLine.Bound.IN_DOUBT;
  }

  private static String reason(BindOutcome outcome) {
    if (outcome instanceof BindOutcome.NotBound notBound) {
      return notBound.reason();
    }
    return outcome instanceof BindOutcome.InDoubt inDoubt ? inDoubt.reason() : "";
  }

  @Override
  public void gone(String uid) {
    offer(at -> new DecisionLine.Gone(at, uid));
  }

  private void write() {
    long bytes = 0;
    try (OutputStream buffered = new BufferedOutputStream(out)) {
      while (!(closed && queue.isEmpty())) {
        Supplier<DecisionLine> next = queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
        if (next == null) {
          buffered.flush();
          continue;
        }
        byte[] line = MAPPER.writeValueAsBytes(next.get());
        bytes += line.length + 1;
        if (bytes > mostBytes) {
          LOG.warn("the log of decisions ends, it has reached {} bytes: {}", mostBytes, file);
          return;
        }
        buffered.write(line);
        buffered.write('\n');
      }
    } catch (IOException e) {
      LOG.warn("the log of decisions ends, it cannot be written: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closed = true;
    }
  }

  /** Writes what was told, then ends. */
  @Override
  public void close() {
    closed = true;
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
