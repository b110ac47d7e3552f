package io.stowage.extender.experiment;

import java.util.List;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import org.jspecify.annotations.Nullable;

/**
 * How much one thing exceeds another in the mean over pairs, one a seed, and how sure that is.
 *
 * @param pairs how many pairs, at least 1
 * @param mean the mean difference
 * @param low the lower end of its confidence interval of 95 % by Student's t; null for one pair
 * @param high the upper end
 */
public record PairedDifference(
    int pairs, double mean, @Nullable Double low, @Nullable Double high) {
  private static final double CONFIDENCE = 0.95;

  /** Returns the mean of differences, one or more, with its interval. */
  static PairedDifference of(List<Double> differences) {
    SummaryStatistics statistics = new SummaryStatistics();
    differences.forEach(statistics::addValue);
    int pairs = differences.size();
    if (pairs < 2) {
      return new PairedDifference(pairs, statistics.getMean(), null, null);
    }
    double t = new TDistribution(pairs - 1).inverseCumulativeProbability(1 - (1 - CONFIDENCE) / 2);
    double half = t * statistics.getStandardDeviation() / Math.sqrt(pairs);
    return new PairedDifference(
        pairs, statistics.getMean(), statistics.getMean() - half, statistics.getMean() + half);
  }

  /** Tells whether the interval leaves out 0. */
  boolean isSure() {
    return low != null && high != null && (low > 0 || high < 0);
  }
}
