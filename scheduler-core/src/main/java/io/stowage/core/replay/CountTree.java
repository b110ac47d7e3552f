package io.stowage.core.replay;

/** Counts by index with sums over ranges in logarithmic time (a Fenwick tree). */
final class CountTree {
  private final int[] tree;
  private int total;

  CountTree(int size) {
    tree = new int[size + 1];
  }

  void add(int index, int count) {
    total += count;
    for (int i = index + 1; i < tree.length; i += i & -i) {
      tree[i] += count;
    }
  }

  /** Returns the sum of counts at indices greater than the given one. */
  int countAfter(int index) {
    int sum = 0;
    for (int i = index + 1; i > 0; i -= i & -i) {
      sum += tree[i];
    }
    return total - sum;
  }
}
