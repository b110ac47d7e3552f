package io.stowage.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.stowage.core.cluster.Cluster;
import io.stowage.core.cluster.Node;
import io.stowage.core.cluster.RandomChanges;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Rooms that are kept while nothing changes equal those made anew. */
class NodeRoomsTest {
  @Test
  void roomsAreThoseOfTheClusterAsItIsWhateverChanged() {
    for (long seed = 511; seed < 515; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      RandomChanges changes = new RandomChanges(random.split());
      Cluster cluster = new Cluster();
      NodeRooms rooms = new NodeRooms(cluster);
      Zones zones = Zones.NONE;
      for (int step = 0; step < 5_000; step++) {
        switch (random.nextInt(8)) {
          case 0 -> cluster.putNode(changes.node(changes.nodeName()));
          case 1 -> cluster.removeNode(changes.nodeName());
          case 2, 3 -> cluster.remove(changes.uid());
          default -> cluster.place(changes.placement());
        }
        zones = random.nextInt(3) == 0 ? zones(changes, random) : zones;
        assertThat(rooms.of(zones))
            .as("seed %s, step %s", seed, step)
            .isEqualTo(new NodeRooms(cluster).of(zones))
            .hasSize(nodesThatTakePods(cluster));
        assertThat(figures(rooms.totals()))
            .as("seed %s, step %s", seed, step)
            .isEqualTo(figures(RoomTotals.of(rooms.of(zones))));
      }
    }
  }

  private static Map<Object, Object> figures(RoomTotals totals) {
    Map<Object, Object> figures = new HashMap<>();
    for (int gpus : totals.gpusKeptFor()) {
      figures.put(
          gpus,
          List.of(
              totals.freeGpuMilli(gpus), totals.freeCpuMilli(gpus), totals.freeMemoryBytes(gpus)));
    }
    RandomChanges.RESOURCES.forEach(name -> figures.put(name, totals.largestGpuUnits(name)));
    return figures;
  }

  private static int nodesThatTakePods(Cluster cluster) {
    List<Node> nodes = new ArrayList<>();
    cluster.forEachNode(
        state -> {
          Node node = state.node();
          if (node != null && node.ready() && !node.cordoned()) {
            nodes.add(node);
          }
        });
    return nodes.size();
  }

  private static Zones zones(RandomChanges changes, SplittableRandom random) {
    Map<String, Zone> zones = new HashMap<>();
    if (random.nextBoolean()) {
      zones.put(
          changes.nodeName(), new Zone(2 + random.nextInt(2), 1, true, random.nextInt(8_000), 1));
    }
    return new Zones(zones, random.nextBoolean());
  }

  @Test
  void aRoomIsTheSameObjectWhileItsNodeStaysAsItIs() {
    Cluster cluster = new Cluster();
    RandomChanges changes = new RandomChanges(new SplittableRandom(521));
    while (new NodeRooms(cluster).of(Zones.NONE).size() < 2) {
      cluster.putNode(changes.node(changes.nodeName()));
    }
    NodeRooms rooms = new NodeRooms(cluster);
    NodeRoom before = rooms.of(Zones.NONE).get(0);
    assertThat(rooms.of(Zones.NONE).get(0)).isSameAs(before);
  }
}
