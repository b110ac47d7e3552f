package io.stowage.extender.audit;

import io.fabric8.kubernetes.api.model.Quantity;
import io.stowage.extender.kube.InvalidObjectException;
import io.stowage.extender.kube.Quantities;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Amounts of resources in their base unit, rounded up as kube-scheduler and kubelet do. */
final class Amounts {
  private static final String[] BINARY = {"Ki", "Mi", "Gi", "Ti", "Pi"};
  private static final BigDecimal KIBI = BigDecimal.valueOf(1024);

  private Amounts() {}

  /** Returns the amounts of a resource list, none for a null list. */
  static Map<String, BigDecimal> of(String field, @Nullable Map<String, Quantity> quantities)
      throws InvalidObjectException {
    return rounded(Quantities.amounts(field, quantities));
  }

  /** Rounds up: CPU to thousandths of a core, everything else to whole units. */
  static Map<String, BigDecimal> rounded(Map<String, BigDecimal> amounts) {
    amounts.replaceAll(
        (resource, amount) ->
            amount.setScale(resource.equals("cpu") ? 3 : 0, RoundingMode.CEILING));
    return amounts;
  }

  /** Returns an amount for people: bytes with the largest binary suffix that says it exactly. */
  static String text(String resource, BigDecimal amount) {
    boolean bytes =
        resource.equals("memory")
            || resource.equals("ephemeral-storage")
            || resource.startsWith("hugepages-");
    if (!bytes || amount.signum() == 0) {
      return plain(amount);
    }
    BigDecimal value = amount;
    int suffix = 0;
    while (suffix < BINARY.length && value.remainder(KIBI).signum() == 0) {
      value = value.divide(KIBI);
      suffix++;
    }
    return plain(value) + (suffix == 0 ? "" : BINARY[suffix - 1]);
  }

  private static String plain(BigDecimal amount) {
    return amount.stripTrailingZeros().toPlainString();
  }
}
