package io.stowage.extender.kube;

import java.time.Duration;

/**
 * What the API server answered.
 *
 * @param code the HTTP status
 * @param message what its Status says, or the start of its body
 * @param body all of it
 * @param retryAfter how long it asks to be left alone, zero where it does not say
 */
public record ApiAnswer(int code, String message, String body, Duration retryAfter) {

  /** Tells whether it did what was asked. */
  public boolean isSuccess() {
    return code >= 200 && code < 300;
  }
}
