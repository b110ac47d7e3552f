package io.stowage.extender.e2e;

import java.time.Duration;

/** What happens to a request to the API server. */
sealed interface Fault {
  /** It is handed on and answered. */
  Fault NONE = new Delay(Duration.ZERO);

  /** It is not handed on, and the connection breaks. */
  Fault BREAK = new Break();

  /** It is handed on, and the connection breaks instead of an answer. */
  Fault LOSE_ANSWER = new LoseAnswer();

  /** It is handed on, and the answer comes later. */
  record Delay(Duration duration) implements Fault {}

  /** It is not handed on, and answered with a status. */
  record Answer(int status) implements Fault {}

  /** Something is done first; then it is neither handed on nor answered. */
  record BreakAfter(Runnable action) implements Fault {}

  /** It is handed on, and something is done before its answer, which is then lost. */
  record LoseAnswerAfter(Runnable action) implements Fault {}

  /** See {@link Fault#BREAK}. */
  record Break() implements Fault {}

  /** See {@link Fault#LOSE_ANSWER}. */
  record LoseAnswer() implements Fault {}
}
