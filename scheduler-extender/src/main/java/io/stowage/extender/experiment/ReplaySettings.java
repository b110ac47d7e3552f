package io.stowage.extender.experiment;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.stowage.core.replay.ChurnReplay;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a replay is run.
 *
 * @param protocol the protocol
 * @param load churn: offered GPU load as a part of capacity
 * @param warmUpArrivals churn: arrivals before figures are taken
 * @param windowArrivals churn: arrivals over which figures are taken
 * @param keepSeconds churn: how long a pod waits at most before it may have room that is kept
 * @param freeOrder burst: whether pods that have a slot go before those without
 */
public record ReplaySettings(
    Protocol protocol,
    double load,
    int warmUpArrivals,
    int windowArrivals,
    double keepSeconds,
    boolean freeOrder) {
  /** The load where none is given. */
  public static final double DEFAULT_LOAD = 0.95;

  /** The warm-up where none is given. */
  public static final int DEFAULT_WARM_UP = 400_000;

  /** The window where none is given. */
  public static final int DEFAULT_WINDOW = 1_000_000;

  /** Throws IllegalArgumentException for a value out of range. */
  public ReplaySettings {
    new ChurnReplay.Settings(load, warmUpArrivals, windowArrivals, keepSeconds);
  }

  /**
   * Creates settings, those left out being null.
   *
   * @throws IllegalArgumentException where one is out of range or goes with another protocol
   */
  @JsonCreator
  public static ReplaySettings of(
      @Nullable Protocol protocol,
      @Nullable Double load,
      @Nullable Integer warmUpArrivals,
      @Nullable Integer windowArrivals,
      @Nullable Double keepSeconds,
      @Nullable Boolean freeOrder) {
    if (protocol == null) {
      throw new IllegalArgumentException("protocol: expected inflation, churn or burst, was none");
    }
    if (protocol != Protocol.churn) {
      refuse("load", load, Protocol.churn, protocol);
      refuse("warmUpArrivals", warmUpArrivals, Protocol.churn, protocol);
      refuse("windowArrivals", windowArrivals, Protocol.churn, protocol);
      refuse("keepSeconds", keepSeconds, Protocol.churn, protocol);
    }
    if (protocol != Protocol.burst) {
      refuse("freeOrder", freeOrder, Protocol.burst, protocol);
    }
    return new ReplaySettings(
        protocol,
        load == null ? DEFAULT_LOAD : load,
        warmUpArrivals == null ? DEFAULT_WARM_UP : warmUpArrivals,
        windowArrivals == null ? DEFAULT_WINDOW : windowArrivals,
        keepSeconds == null ? 0 : keepSeconds,
        freeOrder != null && freeOrder);
  }

  private static void refuse(
      String key, @Nullable Object value, Protocol goesWith, Protocol protocol) {
    if (value != null) {
      throw new IllegalArgumentException(
          key + " goes with protocol " + goesWith + ", was given with " + protocol);
    }
  }

  ChurnReplay.Settings churn() {
    return new ChurnReplay.Settings(load, warmUpArrivals, windowArrivals, keepSeconds);
  }

  /** Returns the settings that the protocol has, by name, the protocol first. */
  public Map<String, Object> byName() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("protocol", protocol.name());
    if (protocol == Protocol.churn) {
      settings.put("load", load);
      settings.put("warmUpArrivals", warmUpArrivals);
      settings.put("windowArrivals", windowArrivals);
      settings.put("keepSeconds", keepSeconds);
    } else if (protocol == Protocol.burst) {
      settings.put("freeOrder", freeOrder);
    }
    return settings;
  }

  /** Returns a title such as {@code churn (load 0.95, ...)}. */
  static String title(Map<String, Object> byName) {
    String others =
        byName.entrySet().stream()
            .filter(setting -> !setting.getKey().equals("protocol"))
            .map(setting -> setting.getKey() + " " + setting.getValue())
            .collect(Collectors.joining(", "));
    return byName.get("protocol") + (others.isEmpty() ? "" : " (" + others + ")");
  }
}
