package io.stowage.extender.schedulerconfig;

/**
 * What the service beside a kube-scheduler is set to, as far as the two have to agree.
 *
 * @param bindTimeoutMillis within which bind answers, in milliseconds
 * @param httpTimeoutMillis what Stowage takes kube-scheduler's httpTimeout for, in milliseconds
 * @param nominatesFor the schedulerName whose pods are nominated, empty where none are
 */
public record StowageSide(int bindTimeoutMillis, int httpTimeoutMillis, String nominatesFor) {}
