package io.stowage.extender.kube;

import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Kubernetes quantities, read exactly: {@code 500m}, {@code 1.5Gi}, {@code 2e3}.
 *
 * <p>The grammar is that of {@code k8s.io/apimachinery/pkg/api/resource}; what does not fit a
 * signed 64-bit number of the wanted unit, or is negative, is refused.
 */
public final class Quantities {
  private static final int MAX_LENGTH = 64;
  private static final int MAX_EXPONENT = 30;

  private static final Pattern QUANTITY =
      Pattern.compile(
          "([+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+))"
              + "(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,3}))?");

  private static final Map<String, BigDecimal> MULTIPLIERS = multipliers();

  private Quantities() {}

  private static Map<String, BigDecimal> multipliers() {
    Map<String, BigDecimal> multipliers = new LinkedHashMap<>();
    String decimal = "num_kMGTPE";
    for (int i = 0; i < decimal.length(); i++) {
      multipliers.put(decimal.substring(i, i + 1), BigDecimal.ONE.scaleByPowerOfTen(3 * (i - 3)));
    }
    String binary = "KMGTPE";
    for (int i = 0; i < binary.length(); i++) {
      multipliers.put(binary.charAt(i) + "i", BigDecimal.valueOf(1L << (10 * (i + 1))));
    }
    return multipliers;
  }

  /** Returns the exact amounts of a resource list by resource, none for a null list. */
  public static Map<String, BigDecimal> amounts(
      String field, @Nullable Map<String, Quantity> quantities) throws InvalidObjectException {
    Map<String, BigDecimal> amounts = new LinkedHashMap<>();
    if (quantities != null) {
      for (Map.Entry<String, Quantity> entry : quantities.entrySet()) {
        amounts.put(entry.getKey(), amount(field + "[" + entry.getKey() + "]", entry.getValue()));
      }
    }
    return amounts;
  }

  private static BigDecimal amount(String field, @Nullable Quantity quantity)
      throws InvalidObjectException {
    if (quantity == null || quantity.getAmount() == null) {
      throw new InvalidObjectException(field, "expected a quantity such as 500m or 2Gi, was null");
    }
    String format = quantity.getFormat();
    return parse(field, format == null ? quantity.getAmount() : quantity.getAmount() + format);
  }

  /** Returns the exact amount of a quantity, at least 0. */
  static BigDecimal parse(String field, String text) throws InvalidObjectException {
    Matcher matcher = QUANTITY.matcher(text);
    if (text.length() > MAX_LENGTH || !matcher.matches()) {
      throw new InvalidObjectException(
          field, "expected a quantity such as 500m or 2Gi, was '" + abbreviate(text) + "'");
    }
    BigDecimal number = new BigDecimal(matcher.group(1));
    String suffix = matcher.group(2);
    String exponentDigits = matcher.group(3);
    if (suffix != null) {
      number = number.multiply(MULTIPLIERS.get(suffix));
    } else if (exponentDigits != null) {
      int exponent = Integer.parseInt(exponentDigits);
      if (Math.abs(exponent) > MAX_EXPONENT) {
        throw new InvalidObjectException(
            field, "expected an exponent between -30 and 30, was '" + abbreviate(text) + "'");
      }
      number = number.scaleByPowerOfTen(exponent);
    }
    if (number.signum() < 0) {
      throw new InvalidObjectException(
          field, "expected a quantity of at least 0, was '" + abbreviate(text) + "'");
    }
    return number;
  }

  /** Returns the amount in thousandths, rounded up, as Go's {@code MilliValue}. */
  static long milli(String field, BigDecimal amount) throws InvalidObjectException {
    return value(field, amount.scaleByPowerOfTen(3));
  }

  /** Returns the amount rounded up to a whole number, as Go's {@code Value}. */
  static long value(String field, BigDecimal amount) throws InvalidObjectException {
    try {
      return amount.setScale(0, RoundingMode.CEILING).longValueExact();
    } catch (ArithmeticException e) {
      throw new InvalidObjectException(
          field, "expected an amount below 2^63, was " + amount.round(new MathContext(3)));
    }
  }

  private static String abbreviate(String text) {
    return text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH) + "...";
  }
}
