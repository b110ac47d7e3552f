package io.stowage.extender.leader;

import java.time.Duration;

/**
 * The fence: a ConfigMap with the epoch, and a ValidatingAdmissionPolicy that refuses Bindings of
 * an older one.
 *
 * @param enabled whether there is one
 * @param namespace the ConfigMap's namespace
 * @param configMap the ConfigMap's name
 * @param refusals how many dry-run Bindings of the former epoch must be refused one after the
 *     other, each on a connection of its own, before the first real one is written
 * @param settle how long is waited after that, for API servers that were not asked
 */
public record FenceSettings(
    boolean enabled, String namespace, String configMap, int refusals, Duration settle) {}
