package io.stowage.extender.leader;

/** A single replica; once another one has raised the fence it stays passive. */
final class Unopposed implements Tenure {

  @Override
  public void round() {}

  @Override
  public boolean holds() {
    return true;
  }

  @Override
  public boolean holdsAnewSince(long nanos) {
    return false;
  }

  @Override
  public String whyNot() {
    return "another Stowage has raised the fence since this one started";
  }

  @Override
  public void release() {}
}
