package io.stowage.extender.leader;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The name of this host; in a pod, the pod's. */
public final class HostName {
  private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

  private HostName() {}

  /** Returns it as the kernel has it, which is where kube-scheduler takes it from too. */
  public static String get() {
    try {
      return Files.readString(KERNEL).strip();
    } catch (IOException e) {
      String name = System.getenv("HOSTNAME");
      return name == null || name.isBlank() ? "stowage" : name;
    }
  }
}
