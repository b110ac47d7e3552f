package io.stowage.core.cluster;

/**
 * The slots of nodes that changed, in the order of the changes: who keeps something for each node
 * reads on from where it stopped, and looks at all nodes where the log no longer reaches back.
 *
 * <p>Keeps at least as many changes as there are slots. One thread writes, and reads happen on that
 * thread.
 */
public final class ChangeLog {
  /** A ring; its length is a power of 2 and more than any slot. */
  private int[] slots = new int[1024];

  private long start;
  private long end;

  /** Takes note of a change of the node in a slot. */
  public void append(int slot) {
    if (slot >= slots.length) {
      grow(slot);
    }
    slots[index(end++)] = slot;
    start = Math.max(start, end - slots.length);
  }

  private void grow(int slot) {
    int[] before = slots;
    slots = new int[Integer.highestOneBit(slot) * 2];
    for (long i = start; i < end; i++) {
      slots[index(i)] = before[(int) (i & (before.length - 1))];
    }
  }

  private int index(long position) {
    return (int) (position & (slots.length - 1));
  }

  /** Returns the position after the last change, 0 for an empty log. */
  public long end() {
    return end;
  }

  /** Tells whether all changes from a position on are still there. */
  public boolean reaches(long position) {
    return position >= start;
  }

  /** Returns the slot of the change at a position that the log reaches, before the end. */
  public int slot(long position) {
    return slots[index(position)];
  }
}
