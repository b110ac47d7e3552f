package io.stowage.extender.http;

import io.stowage.extender.bind.BindService;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.NodeReader;
import io.stowage.extender.kube.ObservedPod;
import io.stowage.extender.kube.PodReader;
import io.stowage.extender.metrics.ServiceMetrics;
import io.stowage.extender.state.BindOutcome;
import io.stowage.extender.state.ClusterState;
import io.stowage.extender.state.DescribedNodes;
import io.stowage.extender.state.FilterDecision;
import io.stowage.extender.state.StateLoop;
import io.stowage.extender.wire.AnswerEncoder;
import io.stowage.extender.wire.BindRequest;
import io.stowage.extender.wire.Body;
import io.stowage.extender.wire.MalformedRequestException;
import io.stowage.extender.wire.NodesRequest;
import io.stowage.extender.wire.PreemptRequest;
import io.stowage.extender.wire.RequestDecoder;
import io.stowage.extender.wire.SentPod;
import io.stowage.extender.wire.Victims;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The verbs of the extender protocol, below {@code /scheduler} and, for configurations made for
 * gpushare's scheduler extender, below {@code /gpushare-scheduler}.
 *
 * <p>A decision that fails is answered with status 200 and the protocol's {@code Error}, because
 * kube-scheduler drops the body of any other status; a body that is not this protocol gets a 4xx.
 */
public final class ExtenderRoutes implements Routes {
  private static final Logger LOG = LoggerFactory.getLogger(ExtenderRoutes.class);
  private static final int MAX_SCORE = 10;
  static final String NOT_SYNCED = "Stowage is still listing nodes and pods, try again in a moment";

  private final StateLoop loop;
  private final BindService binds;
  private final PodReader pods;
  private final NodeReader nodes;
  private final ServiceMetrics metrics;
  private final long maxBodyBytes;
  private final RequestDecoder decoder = new RequestDecoder();
  private final AnswerEncoder encoder = new AnswerEncoder();

  /** An answer and what is counted of it. */
  private record Answer(String outcome, Buffer body) {}

  /** Answers a body, on the state's event loop; has done with it when it returns. */
  private interface Verb {
    CompletableFuture<Answer> answer(Body body)
        throws MalformedRequestException, InvalidObjectException;
  }

  /**
   * Creates the routes.
   *
   * @param maxBodyBytes the largest request that is read; larger ones are answered with 413
   */
  public ExtenderRoutes(
      StateLoop loop,
      BindService binds,
      PodReader pods,
      NodeReader nodes,
      ServiceMetrics metrics,
      long maxBodyBytes) {
    this.loop = loop;
    this.binds = binds;
    this.pods = pods;
    this.nodes = nodes;
    this.metrics = metrics;
    this.maxBodyBytes = maxBodyBytes;
  }

  @Override
  public void addTo(Router router) {
    BodyReader bodies = new BodyReader(maxBodyBytes, loop::enter);
    verb(router, bodies, "filter", this::filter, encoder::filterError);
    verb(router, bodies, "prioritize", this::prioritize, null);
    verb(router, bodies, "bind", this::bind, encoder::bind);
    verb(router, bodies, "preempt", this::preempt, null);
    router.errorHandler(
        413,
        context ->
            Responses.refuse(context, 413, "body: expected at most " + maxBodyBytes + " bytes"));
    router.errorHandler(
        503,
        context -> {
          context.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
          Responses.refuse(
              context,
              503,
              "body: expected all bodies together to have at most " + maxBodyBytes + " bytes");
        });
  }

  private void verb(
      Router router,
      BodyReader bodies,
      String name,
      Verb verb,
      @Nullable Function<String, Buffer> error) {
    for (String prefix : List.of("/scheduler/", "/gpushare-scheduler/")) {
      router
          .post(prefix + name)
          .handler(
              context -> bodies.read(context, body -> answer(context, body, name, verb, error)));
    }
  }

  private void answer(
      RoutingContext context,
      Body body,
      String name,
      Verb verb,
      @Nullable Function<String, Buffer> error) {
    long start = System.nanoTime();
    CompletableFuture<Answer> answer;
    try {
      answer = verb.answer(body);
    } catch (MalformedRequestException e) {
      metrics.answered(name, "malformed", System.nanoTime() - start);
      Responses.refuse(context, 400, messageOf(e));
      return;
    } catch (InvalidObjectException | RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    Responses.fromLoop(context, answer)
        .onComplete(
            done -> {
              metrics.answered(name, done.outcome(), System.nanoTime() - start);
              Responses.json(context, 200, done.body());
            },
            failure -> {
              metrics.answered(name, "error", System.nanoTime() - start);
              String sentence = sentence(name, failure);
              if (error == null) {
                Responses.refuse(
                    context, failure instanceof InvalidObjectException ? 400 : 503, sentence);
              } else {
                Responses.json(context, 200, error.apply(sentence));
              }
            });
  }

  private static String sentence(String verb, Throwable failure) {
    if (failure instanceof InvalidObjectException || failure instanceof NotSyncedException) {
      return messageOf(failure);
    }
    LOG.error("{} failed", verb, failure);
    return "internal error in " + verb + ": " + failure;
  }

  private static String messageOf(Throwable failure) {
    return String.valueOf(failure.getMessage());
  }

  private CompletableFuture<Answer> filter(Body body)
      throws MalformedRequestException, InvalidObjectException {
    NodesRequest request = decoder.nodes(body, loop.callNow(ClusterState::nodeNames));
    ObservedPod pod = read(request.pod());
    Optional<String> neverServed =
        pod.pod().shape().gpu().isShare()
            ? pods.whyNeverServed(request.pod().decoded())
            : Optional.empty();
    FilterDecision decision =
        neverServed.isPresent()
            ? FilterDecision.unresolvable(request.nodes().names(), neverServed.get())
            : loop.callNow(
                state -> {
                  requireSynced(state.isSynced());
                  return state.filter(pod, request.nodes(), described(request));
                });
    metrics.unknownNodes(decision.unknownNodes());
    Answer answer =
        new Answer(
            decision.kept().isEmpty() ? "rejected" : "kept",
            encoder.filter(request, decision.kept(), decision.failed(), decision.unresolvable()));
    return decision.kept().isEmpty()
        ? CompletableFuture.completedFuture(answer)
        : binds.roomToWrite().thenApply(room -> answer);
  }

  private CompletableFuture<Answer> prioritize(Body body)
      throws MalformedRequestException, InvalidObjectException {
    NodesRequest request = decoder.nodes(body, loop.callNow(ClusterState::nodeNames));
    ObservedPod pod = read(request.pod());
    List<String> order =
        loop.callNow(
            state -> {
              requireSynced(state.isSynced());
              return state.prioritize(pod, request.nodes(), described(request));
            });
    return CompletableFuture.completedFuture(
        new Answer("scored", encoder.prioritize(scores(request.nodes().names(), order))));
  }

  private static Map<String, Integer> scores(List<String> names, List<String> order) {
    Map<String, Integer> scores = new LinkedHashMap<>();
    names.forEach(name -> scores.put(name, 0));
    for (int rank = 0; rank < Math.min(MAX_SCORE, order.size()); rank++) {
      scores.put(order.get(rank), MAX_SCORE - rank);
    }
    return scores;
  }

  private CompletableFuture<Answer> bind(Body body)
      throws MalformedRequestException, InvalidObjectException {
    BindRequest request = decoder.bind(body);
    requireSynced(loop.callNow(ClusterState::isSynced));
    return binds
        .bind(request.podUid(), request.node())
        .thenApply(outcome -> bindAnswer(request, outcome));
  }

  private Answer bindAnswer(BindRequest request, BindOutcome outcome) {
    if (outcome instanceof BindOutcome.Bound) {
      return new Answer("bound", encoder.bind(""));
    }
    String reason =
        outcome instanceof BindOutcome.NotBound notBound
            ? notBound.reason()
            : ((BindOutcome.InDoubt) outcome).reason();
    String sentence =
        "pod "
            + request.podNamespace()
            + "/"
            + request.podName()
            + " could not be bound to node "
            + request.node()
            + ": "
            + reason;
    LOG.warn("{}", sentence);
    return new Answer(
        outcome instanceof BindOutcome.NotBound ? "not_bound" : "in_doubt", encoder.bind(sentence));
  }

  private CompletableFuture<Answer> preempt(Body body)
      throws MalformedRequestException, InvalidObjectException {
    PreemptRequest request = decoder.preempt(body);
    ObservedPod pod = read(request.pod());
    Map<String, Victims> kept =
        loop.callNow(
            state -> {
              requireSynced(state.isSynced());
              Map<String, Victims> some = new LinkedHashMap<>();
              request
                  .victimsByNode()
                  .forEach(
                      (node, victims) -> {
                        if (!victims.podUids().isEmpty()
                            && state.fitsWithout(pod, node, Set.copyOf(victims.podUids()))) {
                          some.put(node, victims);
                        }
                      });
              return some;
            });
    return CompletableFuture.completedFuture(
        new Answer(kept.isEmpty() ? "rejected" : "kept", encoder.preempt(kept)));
  }

  /** Returns the pod of a request: as the watch has shown it, where it has that very version. */
  private ObservedPod read(SentPod sent) throws InvalidObjectException {
    Optional<ObservedPod> known =
        loop.callNow(
            state -> Optional.ofNullable(state.waitingPod(sent.uid(), sent.resourceVersion())));
    return known.isPresent() ? known.get() : read(sent.decoded());
  }

  private ObservedPod read(io.fabric8.kubernetes.api.model.Pod pod) throws InvalidObjectException {
    try {
      return pods.read(pod);
    } catch (InvalidObjectException e) {
      throw e.within("Pod");
    }
  }

  /** Returns what tells the nodes that the watch does not know, from the request itself. */
  private DescribedNodes described(NodesRequest request) {
    if (!request.wholeNodes()) {
      return DescribedNodes.NONE;
    }
    return name -> {
      try {
        return nodes.read(decoder.node(name, request.json(name)));
      } catch (InvalidObjectException e) {
        LOG.warn("node {} of a request cannot be read: {}", name, e.getMessage());
        return null;
      }
    };
  }

  private static void requireSynced(boolean synced) {
    if (!synced) {
      throw new NotSyncedException();
    }
  }

  /** The state is not complete yet. */
  private static final class NotSyncedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotSyncedException() {
      super(NOT_SYNCED);
    }
  }
}
