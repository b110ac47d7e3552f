package io.stowage.extender.page;

import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.UserInfo;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets in whom the API server knows by a token (TokenReview) and allows to {@code get} the
 * non-resource URL {@code /page} (SubjectAccessReview).
 *
 * <p>An answer stands for a minute, a refusal for ten seconds. What is remembered is a digest of
 * the token, of at most {@value #REMEMBERED} tokens.
 */
public final class TokenAccess implements PageAccess {
  private static final Logger LOG = LoggerFactory.getLogger(TokenAccess.class);
  private static final String PATH = "/page";
  private static final int REMEMBERED = 1_000;
  private static final int LONGEST_TOKEN = 8_192;
  private static final Duration ALLOWED_STANDS = Duration.ofSeconds(60);
  private static final Duration REFUSED_STANDS = Duration.ofSeconds(10);

  private final KubernetesClient client;
  private final LongSupplier nanoClock;
  private final Map<String, Decided> byDigest =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Decided> eldest) {
          return size() > REMEMBERED;
        }
      };

  private record Decided(Verdict verdict, long untilNanos) {}

  /**
   * Creates it.
   *
   * @param client of an account that may create tokenreviews and subjectaccessreviews
   * @param nanoClock a monotonic clock in nanoseconds
   */
  public TokenAccess(KubernetesClient client, LongSupplier nanoClock) {
    this.client = client;
    this.nanoClock = nanoClock;
  }

  @Override
  public Verdict decide(@Nullable String token) {
    if (token == null || token.isEmpty() || token.length() > LONGEST_TOKEN) {
      return Verdict.UNKNOWN;
    }
    String digest = digest(token);
    synchronized (byDigest) {
      Decided known = byDigest.get(digest);
      if (known != null && known.untilNanos() - nanoClock.getAsLong() > 0) {
        return known.verdict();
      }
    }
    Verdict verdict = ask(token);
    if (verdict != Verdict.UNDECIDED) {
      Duration stands = verdict == Verdict.ALLOWED ? ALLOWED_STANDS : REFUSED_STANDS;
      synchronized (byDigest) {
        byDigest.put(digest, new Decided(verdict, nanoClock.getAsLong() + stands.toNanos()));
      }
    }
    return verdict;
  }

  private Verdict ask(String token) {
    try {
      TokenReview review =
          client
              .tokenReviews()
              .create(new TokenReviewBuilder().withNewSpec().withToken(token).endSpec().build());
      UserInfo user =
          review.getStatus() != null && Boolean.TRUE.equals(review.getStatus().getAuthenticated())
              ? review.getStatus().getUser()
              : null;
      if (user == null) {
        return Verdict.UNKNOWN;
      }
      SubjectAccessReview access =
          client.authorization().v1().subjectAccessReview().create(question(user));
      return access.getStatus() != null && Boolean.TRUE.equals(access.getStatus().getAllowed())
          ? Verdict.ALLOWED
          : Verdict.FORBIDDEN;
    } catch (KubernetesClientException e) {
      LOG.warn("who looks at the page cannot be checked: {}", e.getMessage());
      return Verdict.UNDECIDED;
    }
  }

  private static SubjectAccessReview question(UserInfo user) {
    Map<String, List<String>> extra = user.getExtra() == null ? Map.of() : user.getExtra();
    return new SubjectAccessReviewBuilder()
        .withNewSpec()
        .withUser(user.getUsername())
        .withUid(user.getUid())
        .withGroups(user.getGroups())
        .withExtra(new HashMap<>(extra))
        .withNewNonResourceAttributes()
        .withVerb("get")
        .withPath(PATH)
        .endNonResourceAttributes()
        .endSpec()
        .build();
  }

  private static String digest(String token) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
